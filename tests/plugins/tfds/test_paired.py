"""Data sets of pictures with two halves, as pix2pix's authors publish them."""

from __future__ import annotations

import tarfile

import pytest
from ganzoo_tfds.tfds import TFDS
from ganzoo_translation.paired_translation import PairedTranslation
from PIL import Image
from published_sets import write_set

from ganzoo import DataError, images
from ganzoo.testing import check_dataset, check_task

pytest.importorskip("array_record")

COUNTS = {"train": 4, "val": 2}


@pytest.fixture
def unpacked(tmp_path):
    """A folder in the shape of facades, of JPEG files as the published ones are."""
    return write_set(tmp_path / "facades", COUNTS, (20, 48))


def packed(folder):
    path = folder.with_name(f"{folder.name}.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def prepared(tmp_path, origin, name="pix2pix/facades"):
    return TFDS.prepare_files(name, origin=origin, directory=tmp_path / "data", report=lambda *_: None)


def dataset(tmp_path, split, name="pix2pix/facades"):
    return TFDS(dataset=name, split=split, data_dir=str(tmp_path / "data"))


def rows(source, field):
    return sorted(source[index][field].tobytes() for index in range(len(source)))


def test_the_official_archive_becomes_pairs_of_paired_translation(tmp_path, unpacked):
    prepared(tmp_path, packed(unpacked))
    found = {split: dataset(tmp_path, split).open() for split in COUNTS}
    assert {split: len(source) for split, source in found.items()} == COUNTS
    whole = [images.read_image(path, name=path.name) for path in sorted((unpacked / "train").iterdir())]
    assert rows(found["train"], "input") == sorted(picture[:, 24:].tobytes() for picture in whole)
    assert rows(found["train"], "target") == sorted(picture[:, :24].tobytes() for picture in whole)
    check_dataset(dataset(tmp_path, "train"))
    check_task(PairedTranslation(crop=16, resize=18), found["train"])


def test_the_folder_of_an_archive_and_an_unpacked_folder_give_the_same_pairs(tmp_path, unpacked):
    packed(unpacked)
    prepared(tmp_path / "a", tmp_path)
    prepared(tmp_path / "b", unpacked)
    of_archive, of_folder = (dataset(tmp_path / each, "val").open() for each in "ab")
    assert rows(of_archive, "input") == rows(of_folder, "input")
    assert rows(of_archive, "target") == rows(of_folder, "target")


def test_edges_on_the_left_are_the_input_of_edges2shoes(tmp_path, unpacked):
    prepared(tmp_path, unpacked, "pix2pix/edges2shoes")
    whole = [images.read_image(path, name=path.name) for path in (unpacked / "val").iterdir()]
    source = dataset(tmp_path, "val", "pix2pix/edges2shoes").open()
    assert rows(source, "input") == sorted(picture[:, :24].tobytes() for picture in whole)


def test_what_a_paired_set_lacks_is_told(tmp_path, unpacked):
    with pytest.raises(
        DataError, match=r"fetch http://.*/facades\.tar\.gz, then run: ganzoo data prepare pix2pix/facades"
    ):
        prepared(tmp_path, None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"has neither facades\.tar\.gz nor folders train, val, test with images"):
        prepared(tmp_path, tmp_path / "empty")
    with pytest.raises(DataError, match="name one of pix2pix/cityscapes, "):
        prepared(tmp_path, unpacked, "pix2pix")
    with pytest.raises(DataError, match="'pix2pix/facades' is not prepared in "):
        dataset(tmp_path, "train").open()


def test_an_archive_that_is_cut_off_is_told_and_leaves_nothing(tmp_path, unpacked):
    path = packed(unpacked)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"facades\.tar\.gz: is not a complete gzipped tar file"):
        prepared(tmp_path, path)
    assert not list((tmp_path / "data").rglob("dataset_info.json"))


def test_a_picture_of_odd_width_is_told_by_its_name(tmp_path, unpacked):
    Image.new("RGB", (47, 20)).save(unpacked / "val" / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png: the picture is 47x20; two halves need an even width"):
        prepared(tmp_path, packed(unpacked))
