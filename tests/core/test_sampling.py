"""What `ganzoo.sampling` does for tasks: edges, classes, pictures, default results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest
from PIL import Image
from points import spec

from ganzoo import (
    LOGITS,
    Comparison,
    Field,
    LossTargets,
    Random,
    RecipeError,
    Source,
    Task,
    Trained,
    images,
    sampling,
)

IMAGE = Field(shape=(6, 6, 1), dtype="uint8", low=0, high=255)


class Grey(Source):
    """Images whose pixels all are their index."""

    fields: ClassVar = {"image": IMAGE}

    def __len__(self):
        return 70

    def __getitem__(self, index):
        return {"image": np.full((6, 6, 1), index, np.uint8)}


@dataclass(frozen=True, kw_only=True)
class Images(Task):
    """Makes images from latents; what it shows is the default."""

    exposes: ClassVar = LossTargets(comparisons=("sample",))

    def networks(self, fields, fitted):
        image = Field(shape=(6, 6, 1), low=-1, high=1)
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"sample": image}),
            spec("discriminator", "discriminator", {"sample": image}, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        return {"sample": sampling.to_network(example["image"])}

    def generate(self, view):
        return {"sample": view.networks["generator"](view.rng.normal((view.count, 3)))}

    def compare(self, view):
        return {"sample": Comparison(view.networks["discriminator"], view.batch["sample"], view.fakes["sample"])}


@pytest.fixture
def trained():
    layers = [keras.Input((3,)), keras.layers.Dense(36, activation="tanh"), keras.layers.Reshape((6, 6, 1))]
    return Trained(networks={"generator": keras.Sequential(layers)}, fields={"image": IMAGE})


def test_default_results_are_images_as_the_data_have_them_in_batches(trained):
    found = list(Images().evaluate(trained, {"data": Grey()}, rng=Random(0, "evaluate")))
    assert [result.examples for result in found] == [64, 6]
    assert {result.method for result in found} == {"generator"}
    target = np.concatenate([result.target["sample"] for result in found])
    assert target.dtype == np.uint8
    assert target[:, 0, 0, 0].tolist() == list(range(70))
    assert all(result.output["sample"].dtype == np.uint8 for result in found)


def test_default_results_repeat_with_the_same_stream(trained):
    once, again = (list(Images().evaluate(trained, {"data": Grey()}, rng=Random(3, "evaluate"))) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert np.array_equal(one.output["sample"], other.output["sample"])


def test_a_grey_image_is_written_as_a_grey_image(tmp_path):
    images.write_image(tmp_path / "grey.png", np.full((4, 5, 1), 7, np.uint8))
    with Image.open(tmp_path / "grey.png") as image:
        assert (image.mode, image.size, image.getpixel((0, 0))) == ("L", (5, 4), 7)
    assert sampling.write_picture(tmp_path / "picture", np.zeros((4, 5, 1), np.uint8)).suffix == ".png"


@pytest.mark.parametrize(
    ("picture", "suffix", "content"),
    [
        ("three\nwords\n", ".txt", "three\nwords\n"),
        ({"a": np.array([1, 2]), "b": np.array(["x", "y"])}, ".csv", "a,b\n1,x\n2,y\n"),
    ],
)
def test_texts_and_tables_are_pictures_too(tmp_path, picture, suffix, content):
    written = sampling.write_picture(tmp_path / "picture", picture)
    assert written.suffix == suffix
    assert written.read_text() == content


def test_a_class_is_found_by_number_or_name_and_a_slip_is_told_in_the_order_of_classes():
    field = Field(shape=(), dtype="int32", low=0, high=2, names=("zero", "one", "two"))
    assert sampling.class_index(field, "two") == sampling.class_index(field, 2) == 2
    with pytest.raises(RecipeError, match=r"did you mean 'two'.*known are 'zero', 'one', 'two'"):
        sampling.class_index(field, "tow")
    with pytest.raises(RecipeError, match="there is no class 3"):
        sampling.class_index(field, 3)
