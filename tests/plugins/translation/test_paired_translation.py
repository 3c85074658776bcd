"""Translation learned from pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ganzoo_cyclegan.resnet_generator import ResNetGenerator
from ganzoo_patchgan.patchgan_discriminator import PatchGANDiscriminator
from ganzoo_pix2pix.unet_generator import UNetGenerator
from ganzoo_translation.paired_translation import PairedTranslation

from ganzoo import DataError, Field, RowContext, Source, Step, Trained, View, images
from ganzoo.randomness import Random
from ganzoo.testing import check_component, check_task


class Pairs(Source):
    """The input is the place of each pixel, the target its negative in three channels."""

    def __init__(self, sides=(20, 24), channels=(1, 3), count=5):
        self._sides, self._channels, self._count = sides, channels, count
        self.fields = {
            name: Field(shape=(None, None, size), dtype="uint8", low=0, high=255)
            for name, size in zip(("input", "target"), channels, strict=True)
        }

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        height, width = self._sides
        places = (np.arange(height)[:, None] * 10 + np.arange(width) + index).astype(np.uint8)[..., None]
        return {
            "input": np.repeat(places, self._channels[0], -1),
            "target": np.repeat(255 - places, self._channels[1], -1),
        }

    def name_of(self, index):
        return f"pairs/{index}.png"


def task(**options):
    return PairedTranslation(**{"crop": 16, **options})


def row(task, seed=0, source=None):
    context = RowContext(step=Step(number=0), rng=np.random.default_rng(seed))
    return task.prepare((source or Pairs())[0], context)


ARCHITECTURES = {
    "generator": UNetGenerator(filters=2, depth=2, dropout_at_test=True),
    "discriminator": PatchGANDiscriminator(filters=2, halvings=1),
}


def test_the_task_keeps_its_contract(tmp_path):
    check_component(PairedTranslation)
    drawing = tmp_path / "drawing.png"
    images.write_image(drawing, Pairs()[0]["input"])
    check_task(task(tile=16, overlap=4), Pairs(), architectures=ARCHITECTURES, inputs=[drawing])


def test_input_and_target_are_cropped_and_mirrored_alike():
    rows = [row(task(), seed) for seed in range(30)]
    for each in rows:
        assert each["input"].shape == (16, 16, 1)
        assert np.allclose(each["input"], -each["target"], atol=1e-6)
    steps = {round(float(each["input"][0, 1, 0] - each["input"][0, 0, 0]) * 127.5) for each in rows}
    assert steps == {1, -1}  # to the right, or mirrored
    assert len({float(each["input"].min()) for each in rows}) > 5


def test_without_mirror_nothing_is_mirrored():
    rows = [row(task(mirror=False), seed) for seed in range(20)]
    assert all(each["input"][0, 1, 0] > each["input"][0, 0, 0] for each in rows)


def test_images_are_brought_to_a_square_before_they_are_cropped():
    whole = row(task(crop=16, resize=16, mirror=False), source=Pairs(sides=(40, 8)))
    corners = whole["input"][[0, -1], [0, -1], 0]
    assert whole["input"].shape == (16, 16, 1)
    assert np.allclose(corners, images.to_float(Pairs(sides=(40, 8))[0]["input"][[0, -1], [0, -1], 0]), atol=0.3)


def test_the_discriminator_sees_the_input_beside_the_image():
    seen = []

    def discriminator(pairs, training):
        seen.append(pairs)
        return pairs.mean(dim=(1, 2, 3))[:, None]

    given, target, fake = torch.randn(2, 16, 16, 1), torch.randn(2, 16, 16, 3), torch.randn(2, 16, 16, 3)
    view = View(
        networks={"discriminator": discriminator},
        batch={"input": given, "target": target},
        count=2,
        step=Step(number=0),
        rng=None,
        fakes={"image": fake},
    )
    comparison = task().compare(view)["image"]
    comparison.outputs(comparison.real)
    comparison.fake_outputs(comparison.fake)
    assert torch.equal(seen[0], torch.cat([given, target], -1))
    assert torch.equal(seen[1], torch.cat([given, fake], -1))
    assert not comparison.one_batch
    output, wanted = task().pair("image", view)
    assert output is fake
    assert wanted is target


@pytest.mark.parametrize("channels", [(1, 1), (3, 1), (5, 2)])
def test_any_number_of_channels_goes_in_and_out(channels):
    source = Pairs(channels=channels)
    generator, discriminator = (spec.signature for spec in task().networks(source.fields, {}))
    assert generator.inputs["input"].shape == (16, 16, channels[0])
    assert generator.outputs["image"].shape == (16, 16, channels[1])
    assert discriminator.inputs["pair"].shape == (16, 16, sum(channels))
    network = ResNetGenerator(filters=2, blocks=0).build(generator)
    inputs = task().fixed_inputs({"data": source}, count=2, rng=None, fitted={})
    assert task().picture(Trained(networks={"generator": network}), inputs, rng=Random(0, "picture")).shape[2] == 3


class Shift:
    """A generator that works on any size and gives a darker input, in three channels."""

    input_shape = (None, None, None, 1)

    def __call__(self, image, training):
        return torch.as_tensor(image).repeat(1, 1, 1, 3) - 0.5

    def _flatten_layers(self):
        return ()


def test_held_out_images_are_scored_whole_beside_the_input():
    trained = Trained(networks={"generator": Shift()})
    found = list(task().evaluate(trained, {"data": Pairs(count=2)}, rng=Random(0, "evaluate")))
    assert [each.method for each in found] == ["input", "generator"] * 2
    assert [each.name for each in found] == ["0", "0", "1", "1"]
    example = Pairs()[0]
    assert np.array_equal(found[0].output["image"], np.repeat(example["input"], 3, -1))
    assert np.array_equal(found[0].target["image"], example["target"])
    wanted = images.to_uint8(images.to_float(example["input"]) - 0.5)
    assert np.array_equal(found[1].output["image"], np.repeat(wanted, 3, -1))


def test_there_is_no_row_of_an_input_that_cannot_be_compared():
    source = Pairs(channels=(2, 3), count=1)
    trained = Trained(networks={"generator": lambda image, training: torch.zeros(1, 32, 32, 3)})
    trained.networks["generator"].__dict__["_flatten_layers"] = tuple
    found = list(task().evaluate(trained, {"data": source}, rng=Random(0, "evaluate")))
    assert [each.method for each in found] == ["generator"]


def test_a_picture_shows_input_output_and_target():
    inputs = task().fixed_inputs({"data": Pairs()}, count=3, rng=None, fitted={})
    assert inputs["input"].shape == (3, 20, 20, 1)
    picture = task().picture(Trained(networks={"generator": Shift()}), inputs, rng=Random(0, "picture"))
    assert picture.shape[1] > 3 * 20


def test_pairs_of_two_sizes_are_refused():
    example = {"input": np.zeros((20, 20, 1), np.uint8), "target": np.zeros((20, 30, 1), np.uint8)}
    told = "the input is 20x20, but its target 30x20; pairs have one size"
    shapes = {name: image.shape for name, image in example.items()}
    assert task().unusable(shapes, stream="data", held_out=False) == told
    with pytest.raises(DataError, match=told):
        task().prepare(example, RowContext(step=Step(number=0), rng=np.random.default_rng(0)))


def test_images_smaller_than_a_crop_are_told_before_the_first_step():
    shapes = {"input": (12, 20, 1), "target": (12, 20, 3)}
    told = task().unusable(shapes, stream="data", held_out=False)
    assert told == "the image is 20x12, but task.crop is 16; lower it, or resize images: task.resize"
    assert task().unusable(shapes, stream="data", held_out=True) is None
    assert task(resize=16).unusable(shapes, stream="data", held_out=False) is None


def test_data_without_pairs_are_refused():
    with pytest.raises(DataError, match=r"needs images .* in field 'input'; it is missing"):
        task().networks({"image": Field(shape=(8, 8, 3), dtype="uint8")}, {})


@pytest.mark.parametrize(
    ("options", "told"),
    [({"crop": 32, "resize": 16}, "resize must be at least crop"), ({"tile": 32}, "overlap must be at most a quarter")],
)
def test_options_that_contradict_each_other_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        task(**options)


def test_resnets_work_on_sides_that_are_filled_up():
    network = ResNetGenerator(filters=2, blocks=1).build(task().networks(Pairs().fields, {})[0].signature)
    trained = Trained(networks={"generator": network})
    [found] = list(task().evaluate(trained, {"data": Pairs(sides=(17, 19), count=1)}, rng=Random(0, "e")))[1:]
    assert found.output["image"].shape == (17, 19, 3)
    assert replace(found, picture=None).examples == 1
