from __future__ import annotations

import logging
import pickle
import time
import zipfile

import numpy as np
import pytest
from ganzoo_tfds.tfds import TFDS

from ganzoo import DataError, images
from ganzoo.testing import check_dataset

RNG = np.random.default_rng(0)
OPENCV = "OpenCV is not installed. We recommend using OpenCV because it is faster"


def quiet(what, done, total):
    """Report to nobody."""


def photograph(path, height, width):
    images.write_image(path, RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture
def div2k(tmp_path):
    """A folder in the shape of DIV2K without low resolution images."""
    folder = tmp_path / "div2k"
    for index in range(3):
        photograph(folder / "DIV2K_train_HR" / f"000{index}.png", 18, 21)
    photograph(folder / "DIV2K_valid_HR" / "0801.jpg", 16, 12)
    return folder


def prepared(tmp_path, origin, name="div2k/bicubic_x4"):
    return TFDS.prepare_files(name, origin=origin, directory=tmp_path / "data", report=quiet)


def opened(tmp_path, split="train"):
    return TFDS(dataset="div2k/bicubic_x4", split=split, data_dir=str(tmp_path / "data")).open()


def test_a_folder_is_prepared_with_reductions_and_read_back(tmp_path, div2k):
    prepared(tmp_path, div2k)
    train, validation = opened(tmp_path), opened(tmp_path, "validation")
    assert (len(train), len(validation)) == (3, 1)
    original = images.read_image(div2k / "DIV2K_train_HR" / "0001.png")[:16, :20]
    assert np.array_equal(train[1]["hr"], original)
    assert np.array_equal(train[1]["lr"], images.resize_bicubic(original, (4, 5)))
    check_dataset(TFDS(dataset="div2k/bicubic_x4", data_dir=str(tmp_path / "data")))


def test_low_resolution_images_that_are_there_are_taken_as_they_are(tmp_path, div2k):
    for index in range(3):
        photograph(div2k / "DIV2K_train_LR_bicubic" / "X4" / f"000{index}x4.png", 4, 5)
    prepared(tmp_path, div2k)
    given = images.read_image(div2k / "DIV2K_train_LR_bicubic" / "X4" / "0002x4.png")
    assert np.array_equal(opened(tmp_path)[2]["lr"], given)
    assert opened(tmp_path)[2]["hr"].shape == (18, 21, 3)


def test_zips_are_read_without_unpacking(tmp_path, div2k):
    for name in ("DIV2K_train_HR", "DIV2K_valid_HR"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for path in (div2k / name).iterdir():
                archive.write(path, f"{name}/{path.name}")
    prepared(tmp_path, tmp_path)
    assert len(opened(tmp_path)) == 3


def test_a_damaged_zip_and_missing_parts_are_named(tmp_path, div2k):
    (tmp_path / "DIV2K_train_HR.zip").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match=r"DIV2K_train_HR\.zip: is not a complete zip file"):
        prepared(tmp_path, tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"neither DIV2K_train_HR\.zip nor a folder"):
        prepared(tmp_path, tmp_path / "empty")


def test_a_failed_preparation_leaves_nothing_that_looks_ready(tmp_path, div2k):
    (div2k / "DIV2K_train_HR" / "0002.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"0002\.png"):
        prepared(tmp_path, div2k)
    with pytest.raises(DataError, match="is not prepared"):
        opened(tmp_path)
    photograph(div2k / "DIV2K_train_HR" / "0002.png", 18, 21)
    prepared(tmp_path, div2k)
    assert len(opened(tmp_path)) == 3


def test_splits_can_be_sliced_and_wrong_ones_are_told(tmp_path, div2k):
    prepared(tmp_path, div2k)
    assert len(opened(tmp_path, "train[:2]")) == 2
    with pytest.raises(DataError, match="cannot take the split 'tran'; it has 'train', 'validation'"):
        opened(tmp_path, "tran")


def test_reading_leaves_alone_what_belongs_to_all_threads(tmp_path, div2k, monkeypatch):
    prepared(tmp_path, div2k)
    source = opened(tmp_path)
    monkeypatch.setattr("ganzoo_tfds.prepared.quiet", lambda: pytest.fail("silences the whole process"))
    assert source[0]["hr"].shape == (16, 20, 3)
    logger = logging.getLogger("absl")
    said = [logger.makeRecord("absl", logging.WARNING, "", 0, text, (), None) for text in (OPENCV, "disk full")]
    assert [bool(logger.filter(record)) for record in said] == [False, True]


def test_a_source_survives_the_way_to_another_process(tmp_path, div2k):
    prepared(tmp_path, div2k)
    source = opened(tmp_path)
    first = source[0]["hr"]
    assert np.array_equal(pickle.loads(pickle.dumps(source))[0]["hr"], first)


def test_what_is_not_prepared_is_told_at_once_with_remedies(tmp_path):
    start = time.monotonic()
    with pytest.raises(DataError, match="ganzoo data prepare div2k/bicubic_x4 --from DIR"):
        opened(tmp_path)
    assert time.monotonic() - start < 5
    with pytest.raises(DataError, match="did you mean 'mnist'"):
        TFDS(dataset="mnits", data_dir=str(tmp_path)).open()


def test_the_command_prepares_from_files(ganzoo, tmp_path, div2k):
    done = ganzoo("data", "prepare", "div2k/bicubic_x2", "--from", div2k, "--data-dir", tmp_path / "data")
    assert done.code == 0, done.err
    assert "writing train 3/3" in done.out
    assert "is ready in" in done.out
    assert f'data_dir = "{tmp_path / "data"}"' in done.out, "the lines for a recipe are printed"
    again = ganzoo("data", "prepare", "div2k/bicubic_x2", "--from", div2k, "--data-dir", tmp_path / "data")
    assert again.code == 4
    assert "remove it to prepare it again" in again.err
    unknown = ganzoo("data", "prepare", "vgg91")
    assert unknown.code == 4
    assert "did you mean 'vgg19'?" in unknown.err
    variants = ganzoo("data", "prepare", "div2k", "--data-dir", tmp_path / "data")
    assert variants.code == 4
    assert "name one of div2k/bicubic_x2" in variants.err
    ready = ganzoo("data", "prepare", "digits")
    assert "needs no preparation" in ready.err


@pytest.mark.parametrize(
    ("given", "size", "cause"),
    [
        ("0002x4.png", (4, 5), "lack a partner"),
        ("0001x4.png", (4, 6), "0001x4.png is 6x4, expected 5x4"),
    ],
)
def test_low_resolution_images_that_do_not_fit_are_named(tmp_path, div2k, given, size, cause):
    lows = div2k / "DIV2K_train_LR_bicubic" / "X4"
    for name in {"0000x4.png", "0001x4.png", "0002x4.png"} - ({given} if "partner" in cause else set()):
        photograph(lows / name, *(size if name == given else (4, 5)))
    with pytest.raises(DataError, match=cause):
        prepared(tmp_path, div2k)


def test_names_with_an_x_and_hidden_files_are_no_trouble(tmp_path, div2k):
    photograph(div2k / "DIV2K_train_HR" / "box2.png", 16, 16)
    (div2k / "DIV2K_train_HR" / "._0001.png").write_bytes(b"what a Mac leaves behind")
    prepared(tmp_path, div2k)
    assert len(opened(tmp_path)) == 4


def test_a_damaged_member_of_a_zip_is_named(tmp_path, div2k):
    for name in ("DIV2K_train_HR", "DIV2K_valid_HR"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for path in (div2k / name).iterdir():
                archive.write(path, f"{name}/{path.name}")
    broken = tmp_path / "DIV2K_train_HR.zip"
    content = bytearray(broken.read_bytes())
    content[200] ^= 1
    broken.write_bytes(content)
    with pytest.raises(DataError, match=r"DIV2K_train_HR\.zip: DIV2K_train_HR/000\d\.png cannot be unpacked"):
        prepared(tmp_path, tmp_path)


def test_damaged_records_are_told(tmp_path, div2k):
    prepared(tmp_path, div2k)
    record = next((tmp_path / "data").rglob("*train.array_record*"))
    content = record.read_bytes()
    record.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        opened(tmp_path)[0]
