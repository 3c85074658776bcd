from __future__ import annotations

import numpy as np
import pytest
import torch
from ganzoo_srgan.srresnet import SRResNet
from ganzoo_super_resolution.bicubic import Bicubic
from ganzoo_super_resolution.classical import Classical
from ganzoo_super_resolution.super_resolution import SuperResolution

from ganzoo import DataError, Field, Random, RecipeError, RowContext, SampleRequest, Source, Step, Trained, images
from ganzoo.sampling import apply_in_tiles

PIXELS = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)
STEP = Step(number=0)


class Photographs(Source):
    def __init__(self, *examples):
        self.examples = examples
        self.fields = dict.fromkeys(examples[0], PIXELS)

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, index):
        return self.examples[index]


def photo(height, width, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return images.resize_bicubic(coarse, (height, width))


def sources(*examples):
    return {"data": Photographs(*examples)}


def request(inputs, output):
    return SampleRequest(inputs=inputs, output=output, rng=Random(0, "test"))


@pytest.fixture
def networks():
    task = SuperResolution(scale=2, crop=16)
    generator = SRResNet(filters=4, blocks=2).build(task.networks({"image": PIXELS}, {})[0].signature)
    return {"generator": generator}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_prepared_pair_is_a_crop_and_its_reduction():
    task = SuperResolution(scale=4, crop=16, flips=False)
    whole = photo(40, 48)
    row = task.prepare({"image": whole}, RowContext(step=STEP, rng=rng()))
    hr = images.to_uint8(row["hr"])
    assert (row["lr"].shape, hr.shape, row["lr"].dtype) == ((4, 4, 3), (16, 16, 3), np.float32)
    assert np.array_equal(images.to_uint8(row["lr"]), images.resize_bicubic(hr, (4, 4)))
    places = [(y, x) for y in range(25) for x in range(33) if np.array_equal(whole[y : y + 16, x : x + 16], hr)]
    assert places


def test_crops_reach_every_corner():
    task = SuperResolution(scale=2, crop=8, flips=False)
    numbered = np.arange(12 * 12, dtype=np.uint8).reshape(12, 12, 1).repeat(3, axis=2)
    corners = {
        int(images.to_uint8(task.prepare({"image": numbered}, RowContext(step=STEP, rng=rng(seed)))["hr"])[0, 0, 0])
        for seed in range(300)
    }
    assert corners == {12 * y + x for y in (0, 2, 4) for x in (0, 2, 4)}


def test_given_low_resolution_images_are_cropped_in_step():
    task = SuperResolution(scale=2, crop=8, flips=False)
    lr = np.arange(9 * 9, dtype=np.uint8).reshape(9, 9, 1).repeat(3, axis=2)
    hr = lr.repeat(2, axis=0).repeat(2, axis=1)
    for seed in range(20):
        row = task.prepare({"lr": lr, "hr": hr}, RowContext(step=STEP, rng=rng(seed)))
        assert np.array_equal(row["lr"].repeat(2, axis=0).repeat(2, axis=1), row["hr"])


def test_flips_turn_both_images_alike():
    task = SuperResolution(scale=2, crop=8)
    lr = np.arange(4 * 4, dtype=np.uint8).reshape(4, 4, 1).repeat(3, axis=2)
    hr = lr.repeat(2, axis=0).repeat(2, axis=1)
    rows = [task.prepare({"lr": lr, "hr": hr}, RowContext(step=STEP, rng=rng(seed))) for seed in range(100)]
    assert all(np.array_equal(row["lr"].repeat(2, axis=0).repeat(2, axis=1), row["hr"]) for row in rows)
    assert len({row["lr"].tobytes() for row in rows}) == 8


def steepness(task, image, seed):
    """Return by how much neighbouring columns of a prepared crop differ, in levels of 255."""
    row = task.prepare({"image": image}, RowContext(step=STEP, rng=rng(seed)))
    assert row["hr"].shape == (task.crop, task.crop, 3)
    return float(np.diff(row["hr"][..., 0], axis=1).mean()) * 127.5


@pytest.mark.parametrize("degradation", [Bicubic(), Classical()])
def test_shrinking_makes_photographs_smaller_by_random_factors(degradation):
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[:, None], (150, 200, 3))
    task = SuperResolution(scale=2, crop=16, flips=False, shrink=0.5, degradation=degradation)
    found = [steepness(task, ramp, seed) for seed in range(60)]
    assert 0.99 < min(found) < 1.1
    assert 1.85 < max(found) <= 2.05
    assert len({round(each, 3) for each in found}) > 10


def test_a_photograph_is_not_made_smaller_than_a_crop():
    ramp = np.broadcast_to(np.arange(16, dtype=np.uint8)[:, None], (20, 16, 3))
    assert steepness(SuperResolution(scale=2, crop=16, flips=False, shrink=0.5), ramp, 0) == pytest.approx(1)


def test_given_low_resolution_images_cannot_shrink_along():
    fields = {"lr": PIXELS, "hr": PIXELS}
    with pytest.raises(DataError, match=r"do not shrink with the photographs; set task\.shrink=1"):
        SuperResolution(scale=2, crop=16, shrink=0.5).networks(fields, {})
    SuperResolution(scale=2, crop=16, shrink=0.5, degradation=Classical()).networks(fields, {})


def test_images_that_do_not_fit_are_told():
    task = SuperResolution(scale=2, crop=16)
    with pytest.raises(DataError, match=r"the image is 12x10, but task\.crop is 16"):
        task.prepare({"image": photo(10, 12)}, RowContext(step=STEP, rng=rng()))
    with pytest.raises(DataError, match="the image is 1x9, but scale 2 needs 2x2 pixels at least"):
        task.prepare({"image": photo(9, 1)}, RowContext(step=STEP, rng=rng()))
    with pytest.raises(DataError, match=r"the image has 1 channels, expected 3 \(RGB\)"):
        task.prepare({"image": photo(16, 16)[..., :1]}, RowContext(step=STEP, rng=rng()))
    with pytest.raises(DataError, match="low resolution image is 9x8, but 16x16 at scale 2 needs 8x8"):
        task.prepare({"hr": photo(16, 16), "lr": photo(8, 9)}, RowContext(step=STEP, rng=rng()))
    with pytest.raises(DataError, match="needs a field 'hr' or 'image'; the data have point"):
        task.networks({"point": PIXELS}, {})
    with pytest.raises(ValueError, match="multiple of scale"):
        SuperResolution(scale=3, crop=16)


def test_sizes_say_before_the_first_step_which_images_are_too_small():
    task = SuperResolution(scale=2, crop=16)

    def refused(height, width, *, held_out, field="image"):
        return task.unusable({field: (height, width, 3)}, stream="data", held_out=held_out)

    told = "the image is 12x10, but task.crop is 16; leave it out, or lower the crop: --set task.crop=10"
    assert refused(10, 12, held_out=False) == told
    assert refused(10, 12, held_out=True) is None, "photographs are scored as a whole"
    assert refused(9, 1, held_out=True) == "the image is 1x9, but scale 2 needs 2x2 pixels at least"
    assert refused(16, 16, held_out=False, field="hr") is None


def test_tiles_equal_the_whole_away_from_borders(networks):
    image = images.to_float(photo(50, 70))
    whole = apply_in_tiles(networks["generator"], image, scale=2, tile=1000, overlap=0)
    radius = 4 + 2 * 2 + 1 + 1 + 4
    tiled = apply_in_tiles(networks["generator"], image, scale=2, tile=24, overlap=radius)
    inside = slice(2 * radius, -2 * radius)
    assert np.abs(tiled - whole)[inside, inside].max() < 1e-4
    seams = apply_in_tiles(networks["generator"], image, scale=2, tile=24, overlap=0)
    assert np.abs(seams - whole)[inside, inside].max() > 1e-4, "without overlap the test must see seams"


def test_default_tiles_are_seamless_for_the_generator_of_the_paper():
    radius_of_the_paper = 4 + 16 * 2 + 1 + 1 + 1
    assert SuperResolution().overlap >= radius_of_the_paper


def test_evaluation_has_the_row_bicubic_and_cuts_to_the_scale(networks):
    task = SuperResolution(scale=2, crop=16)
    found = list(task.evaluate(Trained(networks=networks), sources({"image": photo(21, 33)}), rng=Random(0, "test")))
    assert [scored.method for scored in found] == ["bicubic", "generator"]
    assert all(scored.output["image"].shape == scored.target["image"].shape == (20, 32, 3) for scored in found)
    lr = images.resize_bicubic(found[0].target["image"], (10, 16))
    assert np.array_equal(found[0].output["image"], images.resize_bicubic(lr, (20, 32)))


def test_a_picture_shows_bicubic_generator_and_original_side_by_side_below_their_names(networks):
    task = SuperResolution(scale=2, crop=16)
    source = Photographs({"image": photo(40, 60)}, {"image": photo(30, 30)})
    inputs = task.fixed_inputs({"data": source}, count=5, rng=rng(), fitted={})
    assert inputs["hr"].shape == (2, 30, 30, 3)
    picture = task.picture(Trained(networks=networks), inputs, rng=Random(0, "picture"))
    side = 8 * 30  # small crops are enlarged
    assert picture.shape[1] == 3 * side + 2 * 2
    columns = np.split(
        picture[:, [*range(side), *range(side + 2, 2 * side + 2), *range(2 * side + 4, 3 * side + 4)]], 3, 1
    )
    bicubic = images.resize_bicubic(inputs["lr"][1], (30, 30))
    assert np.array_equal(columns[0][-side:], bicubic.repeat(8, axis=0).repeat(8, axis=1))
    assert np.array_equal(columns[2][-side:], inputs["hr"][1].repeat(8, axis=0).repeat(8, axis=1))
    names = [column[: -2 * side - 2].tobytes() for column in columns]
    assert len(set(names)) == 3


def test_photographs_of_any_size_are_enlarged_to_files(networks, tmp_path):
    task = SuperResolution(scale=2, crop=16)
    images.write_image(tmp_path / "one.png", photo(9, 31))
    images.write_image(tmp_path / "two.png", photo(20, 20))
    one = task.sample(Trained(networks=networks), request([tmp_path / "one.png"], tmp_path / "big.png"))
    assert images.read_image(one[0]).shape == (18, 62, 3)
    both = [tmp_path / "one.png", tmp_path / "two.png"]
    written = task.sample(Trained(networks=networks), request(both, tmp_path / "big"))
    assert [path.name for path in written] == ["one_x2.png", "two_x2.png"]
    with pytest.raises(RecipeError, match="need a folder"):
        task.sample(Trained(networks=networks), request(both, tmp_path / "big.png"))
    with pytest.raises(RecipeError, match="name them"):
        task.sample(Trained(networks=networks), request([], tmp_path / "big.png"))


def test_nothing_is_learned_from_looking(networks):
    task = SuperResolution(scale=2, crop=16)
    before = [weight.value.detach().clone() for weight in networks["generator"].weights]
    list(task.evaluate(Trained(networks=networks), sources({"image": photo(20, 20)}), rng=Random(0, "test")))
    assert all(torch.equal(old, new.value) for old, new in zip(before, networks["generator"].weights, strict=True))
