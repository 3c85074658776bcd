"""Data sets whose splits are two sets without pairs, as `cycle_gan` has them."""

from __future__ import annotations

import shutil
import zipfile

import pytest
from ganzoo_tfds.tfds import TFDS
from ganzoo_translation.unpaired_translation import UnpairedTranslation
from published_sets import write_set

from ganzoo import DataError, images
from ganzoo.testing import check_dataset, check_task

pytest.importorskip("array_record")

COUNTS = {"trainA": 4, "trainB": 3, "testA": 2, "testB": 1}
NAME = "cycle_gan/horse2zebra"


@pytest.fixture
def unpacked(tmp_path):
    """A folder in the shape of horse2zebra, of JPEG files as the published ones are."""
    return write_set(tmp_path / "horse2zebra", COUNTS, (20, 24))


def prepared(tmp_path, origin):
    return TFDS.prepare_files(NAME, origin=origin, directory=tmp_path / "data", report=lambda *_: None)


def opened(tmp_path, split):
    return TFDS(dataset=NAME, split=split, data_dir=str(tmp_path / "data")).open()


def test_the_official_zip_becomes_two_streams_of_unpaired_translation(tmp_path, unpacked):
    packed = shutil.make_archive(str(tmp_path / "horse2zebra"), "zip", tmp_path, "horse2zebra")
    prepared(tmp_path, tmp_path)
    found = {split: opened(tmp_path, split) for split in COUNTS}
    assert {split: len(source) for split, source in found.items()} == COUNTS
    assert [int(found[split][0]["label"]) for split in COUNTS] == [0, 1, 0, 1]
    with zipfile.ZipFile(packed) as archive:
        wanted = {name: images.read_image(archive.open(name), name=name) for name in archive.namelist() if "." in name}
    of_a = [picture for name, picture in wanted.items() if "/trainA/" in name]
    read = [found["trainA"][index]["image"] for index in range(4)]
    assert sorted(picture.tobytes() for picture in read) == sorted(picture.tobytes() for picture in of_a)
    check_dataset(TFDS(dataset=NAME, split="trainA", data_dir=str(tmp_path / "data")))
    check_task(UnpairedTranslation(crop=16, resize=16), {"a": found["trainA"], "b": found["trainB"]})


@pytest.mark.parametrize("above", [False, True])
def test_an_unpacked_folder_gives_the_same_as_the_folder_above_it(tmp_path, unpacked, above):
    prepared(tmp_path, unpacked.parent if above else unpacked)
    assert len(opened(tmp_path, "trainB")) == 3


def test_what_an_unpaired_set_lacks_is_told(tmp_path, unpacked):
    shutil.rmtree(unpacked / "testB")
    with pytest.raises(DataError, match=r"has neither horse2zebra\.zip nor folders testB with images"):
        prepared(tmp_path, unpacked)
    (unpacked / "testB").mkdir()
    (unpacked / "testB" / "n0.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"n0\.jpg"):
        prepared(tmp_path, unpacked)
    with pytest.raises(DataError, match="name one of cycle_gan/apple2orange, "):
        TFDS.prepare_files("cycle_gan", origin=unpacked, directory=tmp_path / "data", report=lambda *_: None)
