"""MNIST, Fashion-MNIST and CIFAR-10 from files of the published form, without TensorFlow."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import tensorflow_datasets as tfds
from ganzoo_tfds import prepared as reading
from ganzoo_tfds import small
from ganzoo_tfds.published import published_files
from ganzoo_tfds.tfds import TFDS
from pyarrow import parquet

from ganzoo import DataError, downloads, images
from ganzoo.testing import check_dataset

RNG = np.random.default_rng(0)
COUNTS = {"train": 20, "test": 10}
DIGITS = {
    split: (RNG.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n, dtype=np.uint8) % 10)
    for split, n in COUNTS.items()
}


def idx(array):
    """Return an array of bytes as IDX, gzipped."""
    head = bytes((0, 0, 8, array.ndim)) + b"".join(side.to_bytes(4, "big") for side in array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


@pytest.fixture
def idx_files(tmp_path):
    """A folder with four small files as MNIST and Fashion-MNIST have them."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for split, prefix in (("train", "train"), ("test", "t10k")):
        pixels, labels = DIGITS[split]
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(pixels))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx(labels))
    return folder


def cifar(path, *, without=()):
    """Write a small cifar-10-binary.tar.gz; return the images and labels of its test batch."""
    rows = RNG.integers(0, 256, (6, 10, 3073), np.uint8)
    rows[:, :, 0] %= 10
    with tarfile.open(path, "w:gz") as archive:
        for name, batch in zip([*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"], rows, strict=True):
            if name not in without:
                entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
                entry.size = batch.nbytes
                archive.addfile(entry, io.BytesIO(batch.tobytes()))
    return np.moveaxis(rows[5, :, 1:].reshape(10, 3, 32, 32), 1, 3), rows[5, :, 0]


def prepare(name, origin, tmp_path, report=lambda *_: None):
    return TFDS.prepare_files(name, origin=origin, directory=tmp_path / "data", report=report)


def rows(name, split, tmp_path):
    """Return all images and labels of a split, in an order that no shuffling changes."""
    source = TFDS(dataset=name, split=split, data_dir=str(tmp_path / "data")).open()
    examples = [source[index] for index in range(len(source))]
    return sorted((int(example["label"]), example["image"].tobytes()) for example in examples)


def expected(pictures, labels):
    return sorted((int(label), image.tobytes()) for image, label in zip(pictures, labels, strict=True))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_are_prepared_and_read_back(name, tmp_path, idx_files):
    prepare(name, idx_files, tmp_path)
    for split, digits in DIGITS.items():
        assert rows(name, split, tmp_path) == expected(*digits)
    dataset = TFDS(dataset=name, data_dir=str(tmp_path / "data"))
    check_dataset(dataset)
    fields = dataset.open().fields
    assert {key: (field.shape, field.dtype, field.high) for key, field in fields.items()} == {
        "image": ((28, 28, 1), "uint8", 255),
        "label": ((), "int32", 9),
    }


def test_the_binary_version_of_cifar10_is_prepared_and_read_back(tmp_path):
    pictures, labels = cifar(tmp_path / "cifar-10-binary.tar.gz")
    prepare("cifar10", tmp_path / "cifar-10-binary.tar.gz", tmp_path)
    assert rows("cifar10", "test", tmp_path) == expected(pictures, labels)
    assert len(rows("cifar10", "train", tmp_path)) == 50


@pytest.mark.parametrize("as_file", [True, False])
def test_the_file_of_keras_is_enough_for_mnist(tmp_path, as_file):
    (pictures, labels), (test_pictures, test_labels) = DIGITS["train"], DIGITS["test"]
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, x_train=pictures, y_train=labels, x_test=test_pictures, y_test=test_labels)
    prepare("mnist", path if as_file else tmp_path, tmp_path)
    assert rows("mnist", "test", tmp_path) == expected(test_pictures, test_labels)


def test_examples_are_not_left_in_the_order_of_the_files(tmp_path, idx_files):
    prepare("mnist", idx_files, tmp_path)
    source = TFDS(dataset="mnist", data_dir=str(tmp_path / "data")).open()
    assert [int(source[index]["label"]) for index in range(20)] != [*range(10), *range(10)]


def test_files_that_are_not_the_published_ones_are_told_with_their_checksums(tmp_path, idx_files):
    said = []
    prepare("mnist", idx_files, tmp_path, lambda what, *_: said.append(what))
    told = [text for text in said if "is not the published file: its sha256 is" in text]
    assert len(told) == 4
    assert str(idx_files / "train-labels-idx1-ubyte.gz") in " ".join(told)


def test_a_download_takes_the_published_files_and_no_others(tmp_path, idx_files, monkeypatch):
    asked = []

    def fetch(remote, folder, report, *, remedy):
        asked.append(remote)
        return idx_files / remote.name

    monkeypatch.setattr(downloads, "fetch", fetch)
    prepare("mnist", None, tmp_path)
    assert sorted(asked, key=lambda file: file.url) == list(published_files("url_checksums/mnist.txt").values())
    assert {(len(file.checksum), file.algorithm) for file in asked} == {(64, "sha256")}


def test_the_published_files_are_those_that_tfds_knows():
    assert set(published_files("url_checksums/cifar10.txt")) == {"cifar-10-binary.tar.gz"}
    for known in small.SETS.values():
        assert all(remote.size for remote in known.ways[0][0])


def spoilt(content):
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "cannot be unpacked"),
        (idx(DIGITS["train"][0])[:200], "cannot be unpacked"),
        (spoilt(b"\0\0\x0d\3" + bytes(12)), "is not an IDX file of bytes with 3 dimensions"),
        (spoilt(b"\0\0\x08\3" + b"\xff" * 12), "is not an IDX file of bytes with 3 dimensions"),
        (spoilt(b"\0\0\x08\3" + b"\0\0\0\2" * 3 + bytes(7)), "has other than the 8 bytes that it announces"),
        (spoilt(b"\0\0\x08\3" + b"\0\0\0\2" * 3 + bytes(9)), "has other than the 8 bytes that it announces"),
        (idx(DIGITS["train"][0][:, :27]), r"images of 'train' are uint8 \(27, 28, 1\), expected uint8 \(28, 28, 1\)"),
        (idx(DIGITS["train"][0][:19]), "'train' has 19 images and 20 labels"),
    ],
)
def test_files_that_are_damaged_or_something_else_are_refused(tmp_path, idx_files, content, message):
    (idx_files / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        prepare("mnist", idx_files, tmp_path)
    with pytest.raises(DataError, match="is not prepared"):
        TFDS(dataset="mnist", data_dir=str(tmp_path / "data")).open()


def test_labels_without_a_class_are_refused(tmp_path, idx_files):
    (idx_files / "t10k-labels-idx1-ubyte.gz").write_bytes(idx(np.full(10, 11, np.uint8)))
    with pytest.raises(DataError, match="'test' has labels other than 0 to 9"):
        prepare("mnist", idx_files, tmp_path)


def test_missing_files_are_named_with_what_would_do_instead(tmp_path, idx_files):
    (idx_files / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"lacks the official files, expected t10k-images-.*; or mnist\.npz"):
        prepare("mnist", idx_files, tmp_path)
    cifar(tmp_path / "cifar-10-binary.tar.gz", without=["data_batch_3.bin"])
    with pytest.raises(DataError, match=r"lacks data_batch_3\.bin; expected the binary version"):
        prepare("cifar10", tmp_path, tmp_path)


def test_a_pickle_inside_an_npz_is_not_opened(tmp_path):
    arrays = {key: np.array([{}], object) for key in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DataError, match=r"is not the mnist\.npz of Keras"):
        prepare("mnist", tmp_path, tmp_path)


def test_nothing_of_this_imports_tensorflow_and_a_run_on_other_data_does_not_import_tfds(tmp_path, idx_files):
    code = f"""
import sys
from ganzoo.cli import main
for arguments in (
    ["run", "gaussians_ring", "--profile", "smoke", "--set", "phases.train.steps=1", "--runs", {str(tmp_path)!r}],
    ["data", "prepare", "mnist", "--from", {str(idx_files)!r}, "--data-dir", {str(tmp_path / "data")!r}],
):
    sys.argv = ["ganzoo", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code
    print("loaded", sorted(sys.modules.keys() & {{"tensorflow", "tensorflow_datasets", "pyarrow", "array_record"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second = [line for line in done.stdout.splitlines() if line.startswith("loaded")]
    assert first == "loaded []"
    assert "'tensorflow'" not in second
    assert "'tensorflow_datasets'" in second


def test_where_there_is_no_array_record_that_is_said_at_once(tmp_path, idx_files, monkeypatch):
    prepare("mnist", idx_files, tmp_path)
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="run pip install array_record; on Windows"):
        TFDS(dataset="mnist", data_dir=str(tmp_path / "data")).open()
    with pytest.raises(DataError, match="run pip install array_record; on Windows"):
        TFDS.prepare_files("mnist", origin=idx_files, directory=tmp_path / "other", report=lambda *_: None)


class Numbers(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Sixty labels."""

    name = "numbers"
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({"label": tfds.features.ClassLabel(num_classes=60)})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        yield from ((number, {"label": number}) for number in range(60))


def test_a_data_set_that_lost_examples_when_it_was_written_is_refused(tmp_path):
    Numbers(data_dir=str(tmp_path), file_format="parquet").download_and_prepare()
    dataset = TFDS(dataset="numbers", data_dir=str(tmp_path))
    assert len(dataset.open()) == 60
    (path,) = (tmp_path / "numbers" / "1.0.0").glob("*train.parquet*")
    parquet.write_table(parquet.read_table(path).slice(0, 50), path)
    with pytest.raises(DataError, match="holds 50 of the 60 examples of 'train'; prepare it as array_record"):
        dataset.open()


def test_images_are_brought_to_the_size_that_a_network_needs(tmp_path, idx_files):
    prepare("mnist", idx_files, tmp_path)
    dataset = TFDS(dataset="mnist", data_dir=str(tmp_path / "data"), size=32)
    plain = TFDS(dataset="mnist", data_dir=str(tmp_path / "data")).open()
    check_dataset(dataset)
    source = dataset.open()
    assert source.fields["image"].shape == (32, 32, 1)
    assert source.fields["label"] == plain.fields["label"]
    assert np.array_equal(source[3]["image"], images.resized(plain[3]["image"], (32, 32), "crop"))
    wide = TFDS(dataset="mnist", data_dir=str(tmp_path / "data"), size=(8, 40), resize="fit").open()
    assert wide[0]["image"].shape == (8, 40, 1)
    assert (wide[0]["image"][:, [0, -1]] == 255).all(), "padded with white"
