"""The files in which MNIST, Fashion-MNIST and CIFAR-10 are published. Nothing in them is unpickled or executed."""

from __future__ import annotations

import gzip
import math
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import Array, DataError

#: uint8 images (count, height, width, channels) and their labels, by split.
Splits = Mapping[str, tuple[Array, Array]]

#: The largest of these files unpacks to 150 MB.
_MOST_BYTES = 2**30
_CIFAR_RECORD = 1 + 3 * 32 * 32
_CIFAR_FILES = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}
_BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, ValueError)


def read_idx_files(test_images: Path, test_labels: Path, train_images: Path, train_labels: Path) -> Splits:
    """Return the splits of four gzipped IDX files."""
    return {
        "train": (read_idx(train_images, 3)[..., None], read_idx(train_labels, 1)),
        "test": (read_idx(test_images, 3)[..., None], read_idx(test_labels, 1)),
    }


def read_idx(path: Path, rank: int) -> Array:
    """Return the bytes of a gzipped IDX file as an array of so many dimensions."""
    try:
        with gzip.open(path) as file:
            head = file.read(4 * (1 + rank))
            shape = [int.from_bytes(head[4 * axis : 4 * axis + 4], "big") for axis in range(1, 1 + rank)]
            if head[:4] != bytes((0, 0, 8, rank)) or math.prod(shape) > _MOST_BYTES:
                raise DataError(f"{path}: is not an IDX file of bytes with {rank} dimensions")
            content = file.read(math.prod(shape) + 1)
    except _BROKEN as error:
        raise DataError(f"{path}: cannot be unpacked: {error}") from error
    if len(content) != math.prod(shape):
        raise DataError(f"{path}: has other than the {math.prod(shape)} bytes that it announces")
    return np.frombuffer(content, np.uint8).reshape(shape)


def read_mnist_npz(path: Path) -> Splits:
    """Return the splits of `mnist.npz`, the file that Keras publishes."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {split: (arrays[f"x_{split}"][..., None], arrays[f"y_{split}"]) for split in ("train", "test")}
    except (*_BROKEN, KeyError) as error:
        raise DataError(f"{path}: is not the mnist.npz of Keras: {error}") from error


def read_cifar10(path: Path) -> Splits:
    """Return the splits of `cifar-10-binary.tar.gz`."""
    wanted = {name for names in _CIFAR_FILES.values() for name in names}
    try:
        with tarfile.open(path, "r:gz") as archive:
            found = {name: _member(archive, entry) for entry in archive if (name := Path(entry.name).name) in wanted}
    except _BROKEN as error:
        raise DataError(f"{path}: cannot be unpacked: {error}") from error
    if missing := sorted(wanted - {name for name, content in found.items() if content}):
        raise DataError(f"{path}: lacks {', '.join(missing)}; expected the binary version of CIFAR-10")
    records = {
        split: np.frombuffer(b"".join(found[name] for name in names), np.uint8).reshape(-1, _CIFAR_RECORD)
        for split, names in _CIFAR_FILES.items()
    }
    return {split: (_channels_last(rows[:, 1:]), rows[:, 0]) for split, rows in records.items()}


def _channels_last(planes: Array) -> Array:
    images: Array = planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images


def _member(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    """Return the content of a plain file of whole records; nothing of another one."""
    file: Any = archive.extractfile(entry) if entry.isreg() and entry.size <= _MOST_BYTES else None
    content: bytes = file.read() if file else b""
    return content if len(content) % _CIFAR_RECORD == 0 else b""


def check_splits(splits: Splits, shape: tuple[int, int, int], classes: int, origin: Path) -> None:
    """Raise DataError unless every split has images of this shape, each with the label of a class."""
    for split, (images, labels) in splits.items():
        if images.shape[1:] != shape or images.dtype != np.uint8:
            found = f"{images.dtype} {images.shape[1:]}"
            raise DataError(f"{origin}: the images of '{split}' are {found}, expected uint8 {shape}")
        if not len(images) or labels.shape != (len(images),):
            raise DataError(f"{origin}: '{split}' has {len(images)} images and {labels.size} labels")
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise DataError(f"{origin}: '{split}' has labels other than 0 to {classes - 1}")
