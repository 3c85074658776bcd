"""Arrays and data sets of other libraries as sources."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
import torch
from PIL import Image

from ganzoo import DataError, Field, sources
from ganzoo.testing import check_source

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
LABELS = np.array([0, 2, 1, 0, 1, 2])


def test_one_array_of_images_is_the_field_image():
    source = sources.from_arrays(PIXELS)
    assert source.fields == {"image": Field(shape=(5, 4, 3), dtype="uint8", low=0, high=255)}
    assert np.array_equal(source[2]["image"], PIXELS[2])
    check_source(source)


def test_fields_of_arrays_are_derived_from_type_and_shape():
    source = sources.from_arrays(
        {"image": PIXELS[..., 0], "label": LABELS, "point": np.zeros((6, 2)), "delta": -LABELS, "flag": LABELS > 0}
    )
    assert source.fields == {
        "image": Field(shape=(5, 4, 1), dtype="uint8", low=0, high=255),
        "label": Field(shape=(), dtype="int32", low=0, high=2),
        "point": Field(shape=(2,)),
        "delta": Field(shape=(), dtype="int32"),
        "flag": Field(shape=(), dtype="int32", low=0, high=1),
    }
    check_source(source)


def test_a_field_that_is_stated_is_checked():
    stated = Field(shape=(), dtype="int32", low=0, high=9, names=tuple("abcdefghij"))
    assert sources.from_arrays({"label": LABELS}, fields={"label": stated}).fields["label"] == stated
    too_small = Field(shape=(), dtype="int32", low=0, high=1)
    with pytest.raises(DataError, match=r"'label' is said to be .* in \[0, 1\], but its rows are .* from 0 to 2"):
        sources.from_arrays({"label": LABELS}, fields={"label": too_small})
    with pytest.raises(DataError, match="fields: there is no 'labels'; the examples have label"):
        sources.from_arrays({"label": LABELS}, fields={"labels": stated})


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "the same number of rows, one at least; there are none"),
        ({"a": LABELS, "b": LABELS[:2]}, "'a' has 6, 'b' has 2"),
        (PIXELS[:0], "one at least; 'image' has 0"),
        (np.array(["a"]), "'image' is an array of <U1, expected numbers"),
        (np.array([object()]), "'image' is an array of object"),
        (np.float32(3), "is a single number, expected one row for each example"),
        ({"big": np.array([2**40])}, "'big' has numbers of more than 32 bits"),
    ],
)
def test_arrays_that_are_no_examples_are_refused(arrays, message):
    with pytest.raises(DataError, match=message):
        sources.from_arrays(arrays)


def test_the_fingerprint_follows_every_value():
    changed = PIXELS.copy()
    changed[5, 4, 3, 2] ^= 1
    assert sources.from_arrays(PIXELS).fingerprint() == sources.from_arrays(PIXELS.copy()).fingerprint()
    assert sources.from_arrays(PIXELS).fingerprint() != sources.from_arrays(changed).fingerprint()


class Labelled(torch.utils.data.Dataset):
    """A map-style data set as torchvision has them: a picture (or what `transform` makes of it) and a class."""

    classes = ["cat", "dog", "owl"]

    def __init__(self, transform=lambda picture: picture, pictures=PIXELS):
        self.pictures = pictures
        self.transform = transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pictures[index])), int(LABELS[index % 6])


def to_tensor(picture):
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).astype(np.float32) / 255)


def same(picture):
    return picture


@pytest.mark.parametrize("transform", [same, to_tensor, np.asarray])
def test_a_data_set_of_torch_gives_images_and_classes(transform):
    source = sources.from_dataset(Labelled(transform))
    assert source.fields == {
        "image": Field(shape=(5, 4, 3), dtype="uint8", low=0, high=255),
        "label": Field(shape=(), dtype="int32", low=0, high=2, names=("cat", "dog", "owl")),
    }
    assert np.array_equal(source[3]["image"], PIXELS[3])
    assert source[1]["label"] == 2
    check_source(source)
    assert np.array_equal(pickle.loads(pickle.dumps(source))[0]["image"], PIXELS[0]), "worker processes get a copy"


class HuggingFace:
    """What `datasets.Dataset` looks like from outside: rows as dicts, features, a fingerprint of its own."""

    def __init__(self, rows, features):
        self.rows, self.features = rows, features
        self._fingerprint = "f3a9"

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


class ClassLabel:
    names = ["no", "yes"]


def test_a_data_set_of_hugging_face_gives_its_columns_and_classes():
    rows = [
        {
            "image": Image.fromarray(PIXELS[index][: 3 + index % 2]),
            "answer": index % 2,
            "caption": "a",
            "box": [0.0, 1.0],
        }
        for index in range(6)
    ]
    source = sources.from_dataset(HuggingFace(rows, {"answer": ClassLabel()}))
    assert source.fields == {
        "image": Field(shape=(None, 4, 3), dtype="uint8", low=0, high=255),
        "answer": Field(shape=(), dtype="int32", low=0, high=1, names=("no", "yes")),
        "box": Field(shape=(2,)),
    }
    assert source.fingerprint() == "f3a9"
    assert source.notes == ("left out, as they are not numbers: caption",)
    check_source(source)


def test_grey_pictures_have_one_channel_unless_others_are_coloured():
    grey, colour = Image.fromarray(PIXELS[0, ..., 0]), Image.fromarray(PIXELS[0])
    assert sources.from_dataset([grey, grey])[0]["image"].shape == (5, 4, 1)
    mixed = sources.from_dataset([colour, grey])
    assert mixed.fields["image"].shape == (5, 4, 3)
    assert np.array_equal(mixed[1]["image"], np.repeat(PIXELS[0, ..., :1], 3, axis=2))
    check_source(mixed)
    clear = sources.from_dataset([Image.new("RGBA", (4, 5), (0, 0, 0, 0))])
    assert (clear[0]["image"] == 255).all(), "transparency is on white, as of files"


def test_an_example_that_is_unlike_those_looked_at_is_told_with_what_to_state():
    pictures = [PIXELS[0]] * 200
    pictures[150] = PIXELS[0][:3]
    source = sources.from_dataset(Labelled(pictures=pictures))
    with pytest.raises(DataError) as refused:
        source[150]
    assert "example 150: 'image' is 3x4x3 uint8 in [0, 255], but 5x4x3 uint8 in [0, 255]" in str(refused.value)
    hint = str(refused.value).partition("fields=")[2]
    assert hint == "{'image': ganzoo.Field(shape=(None, None, 3), dtype='uint8', low=0, high=255)}"
    any_size = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)
    source = sources.from_dataset(Labelled(pictures=pictures), fields={"image": any_size})
    assert source[150]["image"].shape == (3, 4, 3)


def flicker(picture):
    return np.asarray(picture) + np.random.default_rng().integers(0, 9, (5, 4, 3), dtype=np.uint8)


def normalised(picture):
    return to_tensor(picture) * 2 - 1


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(PIXELS)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (Stream(), "Stream: can be read from its start only"),
        (iter([1]), "can be read from its start only"),
        ([], "has no examples"),
        (["a text"], "its examples have no numbers and no pictures"),
        (Labelled(flicker), "'image' differs each time it is read, so that no run could resume"),
        (Labelled(normalised), "example 0: 'image' is an image of floats from -0.968627 to 0.945098, expected 0 to 1"),
        ([(PIXELS[0], 1, 2)], "examples have 3 parts, but 2 names"),
        ([PIXELS[0], np.zeros(3, np.float32)], "'image' is not of one kind in all examples"),
    ],
)
def test_a_data_set_that_cannot_be_used_is_refused(dataset, message):
    with pytest.raises(DataError, match=message):
        sources.from_dataset(dataset)


def test_the_fingerprint_of_a_data_set_follows_what_was_looked_at():
    changed = PIXELS.copy()
    changed[0, 0, 0, 0] ^= 1
    prints = [sources.from_dataset(Labelled(pictures=each)).fingerprint() for each in (PIXELS, changed, PIXELS[:5])]
    assert len(set(prints)) == 3


class Batches(keras.utils.PyDataset):
    def __init__(self, made=lambda part: (PIXELS[part], LABELS[part])):
        super().__init__()
        self.made = made

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.made(slice(4 * index // 2, 4 * (index + 1) // 2))


def test_a_data_set_of_keras_gives_the_rows_of_its_batches():
    source = sources.from_batches(Batches())
    assert len(source) == 6
    assert np.array_equal(source[5]["image"], PIXELS[5])
    assert source.fields["label"].num_classes == 3
    check_source(source)
    alone = sources.from_batches(Batches(lambda part: {"point": np.zeros((2, 2))}))
    assert alone.fields == {"point": Field(shape=(2,))}


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (Batches(lambda part: {str(part.start): LABELS[part]}), "batch 1 has 2, but the first 0"),
        (Batches(lambda part: PIXELS[part, part.start // 2 :]), "batches do not fit together"),
        ((each for each in [PIXELS]), "can be read from its start only"),
    ],
)
def test_batches_that_are_not_alike_are_refused(dataset, message):
    with pytest.raises(DataError, match=message):
        sources.from_batches(dataset)


# -- so many of each class ---------------------------------------------------------------------------------------------


def labelled(labels):
    labels = np.asarray(labels, np.int32)
    return sources.from_arrays({"image": np.arange(len(labels), dtype=np.float32), "label": labels})


def test_a_part_has_the_same_number_of_each_class_chosen_by_the_seed():
    whole = labelled([0, 1, 2] * 20)
    parts = {seed: sources.per_class(whole, 4, seed=seed) for seed in (0, 1)}
    for part in parts.values():
        assert np.bincount(part.column("label")).tolist() == [4, 4, 4]
        assert [int(part[index]["label"]) for index in range(12)] == part.column("label").tolist()
        assert len({float(part[index]["image"]) for index in range(12)}) == 12
    assert parts[0].column("image").tolist() != parts[1].column("image").tolist()
    assert parts[0].column("image").tolist() == sources.per_class(whole, 4, seed=0).column("image").tolist()
    assert parts[0].fingerprint() != parts[1].fingerprint()


def test_a_class_with_too_few_examples_is_named():
    with pytest.raises(DataError, match="per_class = 2: there are 1 examples of class 1"):
        sources.per_class(labelled([0, 0, 1]), 2)
    with pytest.raises(DataError, match="per_class needs class labels in field 'label'"):
        sources.per_class(sources.from_arrays(np.zeros((3, 8, 8), np.uint8)), 1)
