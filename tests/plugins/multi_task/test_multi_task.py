import numpy as np
import pytest
import torch
from ganzoo_multi_task.jobs import noisy
from ganzoo_multi_task.multi_task import MultiTask
from ganzoo_multi_task.multi_task_generator import MultiTaskGenerator
from ganzoo_multi_task.multi_task_options import MultiTaskOptions

from ganzoo import (
    DataError,
    Field,
    Random,
    RecipeError,
    RowContext,
    SampleRequest,
    Source,
    Step,
    Trained,
    View,
    images,
    load_zoo,
)
from ganzoo.testing import check_task

PIXELS = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)
STEP = Step(number=0)
EVERY = ("super_resolution", "inpainting", "denoising", "colourization", "style")


class Pictures(Source):
    fields = {"image": PIXELS}

    def __init__(self, *pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return {"image": self.pictures[index]}


def picture(height, width, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return images.resize_bicubic(coarse, (height, width))


PHOTOGRAPHS = Pictures(picture(21, 30), picture(24, 26, 1))


def task(tasks=("super_resolution", "inpainting", "denoising"), **options):
    return MultiTask(tasks=tasks, **{"crop": 16, "tile": 16, "overlap": 8, **options})


def fields(asked):
    return {f"{stream}/image": PIXELS for stream in asked.streams} if len(asked.streams) > 1 else {"image": PIXELS}


def trained(asked, *, random=True):
    network = MultiTaskGenerator(filters=4, blocks=1, embedding=2).build(asked.networks(fields(asked), {})[0].signature)
    for variable in network.trainable_variables if random else ():
        variable.assign(variable.value + 0.1 * torch.randn(variable.shape))
    return Trained(networks={"generator": network})


def view_of(asked, networks, count=2):
    context = [RowContext(step=STEP, rng=np.random.default_rng(seed), stream="data") for seed in range(9)]
    rows = [asked.prepare(PHOTOGRAPHS[seed % 2], context[seed]) for seed in range(asked.rows(count)["data"])]
    batch = {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}
    return View(networks=networks, batch=batch, count=len(rows), step=STEP, rng=Random(0, "test"))


@pytest.mark.parametrize("tasks", [("super_resolution", "inpainting", "denoising"), ("style", "colourization")])
def test_the_task_keeps_its_contract(tasks, tmp_path):
    asked = task(tasks)
    patch = load_zoo().find("architecture", "patchgan_discriminator")(filters=2, halvings=1)
    networks = {"generator": MultiTaskGenerator(filters=4, blocks=1), "discriminator": patch}
    check_task(asked, dict.fromkeys(asked.streams, PHOTOGRAPHS), architectures=networks)


def test_a_row_has_what_each_task_would_be_given():
    asked = task(EVERY, noise=10.0)
    row = asked.prepare(PHOTOGRAPHS[0], RowContext(step=STEP, rng=np.random.default_rng(0), stream="data"))
    crop = images.to_uint8(row["image"])
    shown = {name: images.to_uint8(row[f"{name}/image"]) for name in EVERY}
    missing = row["inpainting/mask"] > 0
    assert np.array_equal(shown["super_resolution"], images.resize_bicubic(crop, (8, 8)))
    assert missing.any()
    assert not missing.all()
    assert np.array_equal(shown["inpainting"], np.where(missing, 128, crop))
    assert 5 < (shown["denoising"].astype(float) - crop).std() < 15
    assert np.array_equal(shown["colourization"], images.grey(crop).repeat(3, axis=2))
    assert np.array_equal(shown["style"], crop)
    assert all(not row[f"{name}/mask"].any() for name in EVERY if name != "inpainting")


def test_noise_has_the_deviation_that_is_asked_for_and_is_that_of_a_file():
    found = noisy(np.full((64, 64, 3), 128, np.uint8), 25.0, np.random.default_rng(0))
    assert found.dtype == np.uint8
    assert found.astype(float).std() == pytest.approx(25, rel=0.03)
    assert found.mean() == pytest.approx(128, abs=1)


def test_every_task_has_crops_of_its_own_in_equal_parts():
    asked = task()
    view = view_of(asked, trained(asked).networks)
    assert asked.rows(2) == {"data": 6}
    targets = [asked.pair(name, View(**{**vars(view), "fakes": asked.generate(view)}))[1] for name in asked.tasks]
    assert torch.equal(torch.cat(targets), view.batch["image"])


def test_each_task_teaches_the_trunk_and_no_head_but_its_own():
    asked = task(("super_resolution", "inpainting", "denoising", "colourization"))
    network = trained(asked).networks["generator"]
    fakes = asked.generate(view_of(asked, {"generator": network}))
    for name in asked.tasks:
        (fakes[name] ** 2).sum().backward(retain_graph=True)
        taught = {variable.path for variable in network.trainable_variables if moved(variable)}
        heads = {path.split("/")[0].rpartition("_")[0] for path in taught if "_hidden" in path or "_change" in path}
        assert heads == {name}
        assert any(path.startswith("trunk/") for path in taught)
        assert any("embedding" in path for path in taught)
        for variable in network.trainable_variables:
            variable.value.grad = None


def moved(variable):
    gradient = variable.value.grad
    return gradient is not None and bool(gradient.any())


def test_inpainting_changes_only_what_is_missing():
    asked = task(("inpainting",))
    view = view_of(asked, trained(asked).networks)
    known = view.batch["inpainting/mask"][..., 0] == 0
    fake = asked.generate(view)["inpainting"]
    assert torch.equal(fake[known], view.batch["image"][known])
    assert not torch.allclose(fake[~known], view.batch["inpainting/image"][~known])


def test_one_discriminator_is_told_the_task():
    asked, seen = task(), []

    def discriminator(given, training):
        seen.append(given["task"].tolist())
        return given["image"].mean((1, 2, 3))[:, None]

    view = view_of(asked, {**trained(asked).networks, "discriminator": discriminator})
    view = View(**{**vars(view), "fakes": asked.generate(view)})
    for name, comparison in asked.compare(view).items():
        comparison.judge(torch.cat([comparison.real, comparison.fake]))
        assert seen.pop() == [asked.tasks.index(name)] * 4


def test_scores_have_a_row_for_each_task_for_what_it_was_given_and_for_all():
    asked = task()
    found = list(asked.evaluate(trained(asked, random=False), {"data": PHOTOGRAPHS}, rng=Random(0, "test")))
    wanted = [method for name in asked.tasks for method in (name, f"{name}_input", "generator")]
    assert [each.method for each in found] == wanted * 2
    assert {each.output["image"].shape for each in found} == {(20, 30, 3), (24, 26, 3)}
    untrained, given = (next(each for each in found if each.method == f"denoising{end}") for end in ("", "_input"))
    assert np.array_equal(untrained.output["image"], given.output["image"]), "a new head gives back its input"


def test_large_photographs_are_worked_on_in_tiles_without_seams():
    network, source = trained(task()), {"data": Pictures(picture(40, 50))}
    in_tiles, whole = (list(task(tile=tile).evaluate(network, source, rng=Random(0, "test"))) for tile in (16, 64))
    for one, other in zip(in_tiles, whole, strict=True):
        assert np.abs(one.output["image"].astype(int) - other.output["image"]).max() <= 1


def test_a_picture_has_input_result_and_target_for_each_task():
    asked = task(crop=16)
    inputs = asked.fixed_inputs({"data": PHOTOGRAPHS}, count=2, rng=np.random.default_rng(0), fitted={})
    assert inputs["super_resolution/image"].shape == (2, 10, 10, 3)
    sheet = asked.picture(trained(asked), inputs, rng=Random(0, "picture"))
    assert sheet.shape == (3 * (22 + 60), 6 * 60 + 5 * 2, 3)


def test_a_picture_shows_one_painting_beside_every_photograph_whatever_its_size():
    asked = task(("super_resolution", "style"))
    sources = {"data": PHOTOGRAPHS, "style": Pictures(picture(17, 19))}
    inputs = asked.fixed_inputs(sources, count=2, rng=np.random.default_rng(0), fitted={})
    sheet = asked.picture(trained(asked), inputs, rng=Random(0, "picture"))
    assert sheet.shape == (2 * (22 + 60), 6 * 60 + 5 * 2, 3)


@pytest.fixture
def ask(tmp_path):
    images.write_image(tmp_path / "photo.png", picture(20, 26))

    def sample(asked, **options):
        request = SampleRequest(
            inputs=[tmp_path / "photo.png"],
            output=tmp_path / "new.png",
            overwrite=True,
            rng=Random(0, "test"),
            options=MultiTaskOptions(**options),
        )
        [path] = asked.sample(trained(asked), request)
        return images.read_image(path)

    return sample


def test_tasks_are_done_in_the_order_in_which_they_are_asked_for(ask, tmp_path):
    asked = task(EVERY)
    assert ask(asked, tasks="style,super_resolution").shape == (40, 52, 3)
    torch.manual_seed(0)
    one = ask(asked, tasks="denoising, colourization")
    torch.manual_seed(0)
    other = ask(asked, tasks="colourization,denoising")
    assert not np.array_equal(one, other)


def test_a_mask_says_what_is_missing(ask, tmp_path):
    mask = np.zeros((20, 26, 3), np.uint8)
    mask[5:9, 5:9] = 255
    images.write_image(tmp_path / "mask.png", mask)
    found = ask(task(("inpainting",)), tasks="inpainting", mask=str(tmp_path / "mask.png"))
    changed = (found != picture(20, 26)).any(axis=2)
    assert changed[5:9, 5:9].any()
    assert not changed[mask[..., 0] == 0].any()
    images.write_image(tmp_path / "mask.png", mask[:10])
    with pytest.raises(DataError, match="the mask is 26x10, but the photograph is 26x20 when inpainting begins"):
        ask(task(("inpainting",)), tasks="inpainting", mask=str(tmp_path / "mask.png"))


def test_what_cannot_be_done_is_told(ask):
    with pytest.raises(RecipeError, match=r"which tasks\? --set tasks=super_resolution,inpainting,denoising"):
        ask(task())
    with pytest.raises(RecipeError, match="has not learned style; it has learned super_resolution"):
        ask(task(), tasks="style")
    with pytest.raises(RecipeError, match="inpainting needs an image that is bright where something is missing"):
        ask(task(), tasks="inpainting")
    with pytest.raises(ValueError, match="tasks has 'styl', expected some of super_resolution"):
        MultiTaskOptions(tasks="styl")
    with pytest.raises(ValueError, match="mask has no effect without inpainting"):
        MultiTaskOptions(tasks="denoising", mask="mask.png")
    with pytest.raises(ValueError, match="tasks must name one task or more, each once"):
        task(("denoising", "denoising"))
    with pytest.raises(ValueError, match="crop must be a multiple of scale"):
        task(crop=15)
    with pytest.raises(DataError, match="multi_task needs the field 'image'; the data have point"):
        task().networks({"point": PIXELS}, {})
    assert task().unusable({"image": (9, 20, 3)}, stream="data", held_out=False) == (
        "the image is 20x9, but 16x16 pixels are needed; leave it out"
    )
