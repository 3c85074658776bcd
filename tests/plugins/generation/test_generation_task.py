from dataclasses import dataclass

import keras
import numpy as np
import pytest
import torch
from ganzoo_generation import ganzoo_register_tasks

from ganzoo import LOGITS, DataError, Field, Random, RowContext, Source, Step, Trained, View

Generation = ganzoo_register_tasks()["generation"]
STEP = Step(number=0)

IMAGE = Field(shape=(4, 4, 3), dtype="uint8", low=0, high=255)
LABEL = Field(shape=(), dtype="int32", low=0, high=9)
POINT = Field(shape=(2,))


@dataclass
class Held(Source):
    """Examples whose values all are their index."""

    fields: dict[str, Field]
    size: int = 10

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index):
        sides = {name: [side or 2 for side in field.shape] for name, field in self.fields.items()}
        return {name: np.full(sides[name], index, dtype=field.dtype) for name, field in self.fields.items()}


IMAGES = Held({"image": IMAGE, "label": LABEL})
POINTS = Held({"point": POINT})


def networks(shape, latent_dim=3, activation="tanh"):
    size = int(np.prod(shape))
    layers = keras.layers
    generator = [keras.Input((latent_dim,)), layers.Dense(size, activation=activation), layers.Reshape(shape)]
    discriminator = [keras.Input(shape), layers.Flatten(), layers.Dense(1)]
    return {"generator": keras.Sequential(generator), "discriminator": keras.Sequential(discriminator)}


def view(shape, latent_dim=3, batch=5, number=0, **more):
    real = torch.zeros(batch, *shape)
    return View(
        networks=networks(shape, latent_dim),
        batch={"sample": real},
        count=batch,
        step=Step(number=number),
        rng=Random(0, "task", number),
        **more,
    )


def test_networks_of_images_meet_at_floats_between_minus_one_and_one():
    generator, discriminator = Generation(latent_dim=7).networks(IMAGES.fields, {})
    sample = Field(shape=(4, 4, 3), low=-1, high=1)
    assert dict(generator.signature.inputs) == {"latent": Field(shape=(7,))}
    assert dict(generator.signature.outputs) == dict(discriminator.signature.inputs) == {"sample": sample}
    assert dict(discriminator.signature.outputs) == {"logits": LOGITS}
    assert (generator.player, discriminator.player) == ("generator", "discriminator")


def test_networks_of_points_take_them_as_they_are():
    generator, _ = Generation(field="point").networks(POINTS.fields, {})
    assert dict(generator.signature.outputs) == {"sample": POINT}


def test_a_missing_field_is_told_with_those_there_are():
    with pytest.raises(DataError, match=r"no field 'image' .*; set task\.field to one of: 'point' \(2 float32\)"):
        Generation().networks(POINTS.fields, {})


@pytest.mark.parametrize(
    "field",
    [
        Field(shape=(4, 4, 2), dtype="uint8"),
        Field(shape=(4, 4, 3)),
        Field(shape=(1,)),
        LABEL,
    ],
)
def test_what_is_neither_images_nor_points_is_refused(field):
    with pytest.raises(DataError, match=r"generation needs images of one size .* or points"):
        Generation().networks({"image": field}, {})


def test_images_of_several_sizes_are_refused_with_the_option_that_brings_them_to_one():
    with pytest.raises(DataError, match=r"images of one size; --set data\.size=64 brings"):
        Generation().networks({"image": Field(shape=(None, None, 3), dtype="uint8")}, {})


def test_prepare_brings_bytes_to_minus_one_and_one_and_leaves_points():
    context = RowContext(step=STEP, rng=np.random.default_rng(0))
    image = np.array([[[0], [255]]], dtype=np.uint8)
    sample = Generation().prepare({"image": image, "label": np.int32(3)}, context)["sample"]
    assert sample.dtype == np.float32
    assert sample.tolist() == [[[-1.0], [1.0]]]
    point = Generation(field="point").prepare({"point": np.array([3.0, -4.0])}, context)["sample"]
    assert point.dtype == np.float32
    assert point.tolist() == [3.0, -4.0]


@pytest.mark.parametrize(("latent", "within_one"), [("normal", False), ("uniform", True)])
def test_latents_come_from_the_distribution_that_is_asked_for(latent, within_one):
    latents = Generation(latent_dim=50, latent=latent).generate(view((2,), 50, batch=100))["latent"]
    assert tuple(latents.shape) == (100, 50)
    assert abs(latents.mean().item()) < 0.05
    assert (latents.abs().max().item() <= 1) == within_one


def test_fakes_belong_to_their_latents_and_change_with_the_step():
    task, first, later = Generation(latent_dim=3), view((2,)), view((2,), number=1)
    made = task.generate(first)
    assert torch.equal(made["sample"], first.networks["generator"](made["latent"]))
    assert not torch.equal(made["latent"], task.generate(later)["latent"])


def test_comparison_judges_the_batch_against_the_fakes():
    task = Generation(latent_dim=3)
    assert task.exposes.comparisons == ("sample",)
    fake = torch.ones(5, 2)
    now = view((2,), fakes={"sample": fake})
    comparison = task.compare(now)["sample"]
    assert comparison.real is now.batch["sample"]
    assert comparison.fake is fake
    assert tuple(comparison.logits(fake).shape) == (5, 1)


def evaluation(task, nets, source):
    return task.evaluate(Trained(networks=nets), {"data": source}, rng=Random(0, "evaluate"))


def evaluated(task, source, shape):
    return {scored.method: scored for scored in evaluation(task, networks(shape), source)}


def test_evaluation_compares_as_many_fakes_as_there_are_held_out_examples():
    scored = evaluated(Generation(latent_dim=3), IMAGES, (4, 4, 3))["generator"]
    assert scored.output["image"].shape == scored.target["image"].shape == (10, 4, 4, 3)
    assert scored.output["image"].dtype == scored.target["image"].dtype == np.uint8
    assert sorted(scored.target["label"].tolist()) == list(range(10))


def test_evaluation_compares_no_more_than_asked_for():
    rows = evaluated(Generation(latent_dim=3, field="point", evaluation_samples=4), POINTS, (2,))
    sizes = {len(values["point"]) for row in rows.values() for values in (row.output, row.target)}
    assert sizes == {4}


def test_row_real_compares_one_half_of_the_examples_with_the_other():
    real = evaluated(Generation(latent_dim=3, field="point"), POINTS, (2,))["real"]
    halves = [set(values["point"][:, 0].tolist()) for values in (real.output, real.target)]
    assert [len(half) for half in halves] == [5, 5]
    assert not halves[0] & halves[1]


def test_many_examples_come_in_parts_of_which_each_has_latents_and_examples_of_its_own(monkeypatch):
    monkeypatch.setattr("ganzoo_generation.generation._SCORED_AT_ONCE", 4)
    found = list(evaluation(Generation(latent_dim=3, field="point"), networks((2,)), POINTS))
    rows = {
        method: [(each.output["point"], each.target["point"]) for each in found if each.method == method]
        for method in ("generator", "real")
    }
    assert [each.examples for each in found] == [4, 4, 2, 4, 1]
    made, targets = (np.concatenate(parts)[:, 0] for parts in zip(*rows["generator"], strict=True))
    assert len(set(made.tolist())) == 10
    assert sorted(targets.tolist()) == list(range(10))
    output, target = (np.concatenate(parts)[:, 0] for parts in zip(*rows["real"], strict=True))
    assert sorted([*output, *target]) == list(range(10))


def test_too_few_examples_have_no_row_real():
    assert list(evaluated(Generation(latent_dim=3, field="point"), Held({"point": POINT}, size=3), (2,))) == [
        "generator"
    ]


def test_evaluation_repeats_with_the_same_stream():
    task, nets = Generation(latent_dim=3, field="point"), networks((2,))
    first, again = (next(iter(evaluation(task, nets, POINTS))) for _ in range(2))
    assert np.array_equal(first.output["point"], again.output["point"])
    assert np.array_equal(first.target["point"], again.target["point"])


def test_fields_of_varying_shape_stay_out_of_the_evaluation():
    source = Held({"point": POINT, "outline": Field(shape=(None, 2))})
    assert list(evaluated(Generation(latent_dim=3, field="point"), source, (2,))["generator"].target) == ["point"]


def test_fakes_as_bytes_round_to_the_nearest_value():
    def stuck_at(value: float) -> int:
        nets = networks((4, 4, 3), activation=None)
        nets["generator"].layers[0].bias.assign(np.full(48, value))
        nets["generator"].layers[0].kernel.assign(np.zeros((3, 48)))
        scored = next(iter(evaluation(Generation(latent_dim=3), nets, IMAGES)))
        return int(scored.output["image"][0, 0, 0, 0])

    assert [stuck_at(value) for value in (-3.0, -1.0, 0.004, 1.0, 3.0)] == [0, 0, 128, 255, 255]
