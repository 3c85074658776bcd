"""MNIST, Fashion-MNIST and CIFAR-10 written as TFDS would write them, but without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from PIL import Image

from ganzoo import DataError, Report, downloads
from ganzoo_tfds import small_files
from ganzoo_tfds.published import published_files
from ganzoo_tfds.small_files import Splits

#: Official files that hold a whole data set, and what reads them in this order.
Way = tuple[tuple[downloads.RemoteFile, ...], Callable[..., Splits]]

_KERAS_MNIST = downloads.RemoteFile(
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    checksum="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
_GARMENTS = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
_THINGS = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"


@dataclass(frozen=True, kw_only=True)
class SmallSet:
    """What TFDS says of a data set of small labelled images, and the ways to get it; the first is downloaded."""

    version: str
    description: str
    homepage: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    ways: tuple[Way, ...]


def _official(name: str, read: Callable[..., Splits]) -> Way:
    return tuple(published_files(f"url_checksums/{name}.txt").values()), read


SETS = {
    "mnist": SmallSet(
        version="3.0.1",
        description="MNIST: 70,000 handwritten digits.",
        homepage="http://yann.lecun.com/exdb/mnist/",
        shape=(28, 28, 1),
        classes=tuple("0123456789"),
        ways=(_official("mnist", small_files.read_idx_files), ((_KERAS_MNIST,), small_files.read_mnist_npz)),
    ),
    "fashion_mnist": SmallSet(
        version="3.0.1",
        description="Fashion-MNIST: 70,000 grey pictures of garments.",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        shape=(28, 28, 1),
        classes=tuple(_GARMENTS.split(",")),
        ways=(_official("fashion_mnist", small_files.read_idx_files),),
    ),
    "cifar10": SmallSet(
        version="3.0.2",
        description="CIFAR-10: 60,000 colour photographs of ten kinds of things.",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        shape=(32, 32, 3),
        classes=tuple(_THINGS.split(",")),
        ways=(_official("cifar10", small_files.read_cifar10),),
    ),
}


def prepare_small(name: str, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Write a data set of SETS below `folder` and return where it lies.

    `origin` is the folder with its official files, or the file where one holds everything. A file there that is not the
    published one is read all the same, and reported with its checksum. Without `origin` the files are downloaded.
    """
    known = SETS[name]
    if origin is None:
        remotes, read = known.ways[0]
        remedy = f"fetch the files elsewhere, then run: ganzoo data prepare {name} --from DIR"
        paths = [downloads.fetch(remote, folder / "downloads" / name, report, remedy=remedy) for remote in remotes]
    else:
        remotes, read = _way_from(origin, known)
        paths = [_place(remote, origin) for remote in remotes]
        for remote, path in zip(remotes, paths, strict=True):
            if not remote.matches(path):
                report(f"{path} is not the published file: its sha256 is {remote.checksum_of(path)}", 0, None)
    splits = read(*paths)
    small_files.check_splits(splits, known.shape, len(known.classes), paths[0])
    builder = SmallBuilder(name, splits, report, str(folder))
    builder.download_and_prepare()
    return Path(builder.data_dir)


def _way_from(origin: Path, known: SmallSet) -> Way:
    for remotes, read in known.ways:
        if all(_place(remote, origin).is_file() for remote in remotes) and (origin.is_dir() or len(remotes) == 1):
            return remotes, read
    expected = "; or ".join(", ".join(remote.name for remote in remotes) for remotes, _ in known.ways)
    raise DataError(f"{origin}: lacks the official files, expected {expected}")


def _place(remote: downloads.RemoteFile, origin: Path) -> Path:
    return origin / remote.name if origin.is_dir() or origin.name != remote.name else origin


class SmallBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Same names, splits and order as TFDS' own builders, with the fields `image` and `label`."""

    VERSION = tfds.core.Version("0.0.0")  # each set has its own

    def __init__(self, name: str, splits: Splits, report: Report, data_dir: str) -> None:
        self.name = name
        self.VERSION = tfds.core.Version(SETS[name].version)
        self._splits = splits
        self._report = report
        super().__init__(data_dir=data_dir, file_format="array_record")

    def _info(self) -> Any:
        known = SETS[self.name]
        features = {
            "image": tfds.features.Image(shape=known.shape),
            "label": tfds.features.ClassLabel(names=list(known.classes)),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=known.description,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            homepage=known.homepage,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
        return {split: self._generate_examples(split) for split in self._splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        images, labels = self._splits[split]
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            pixels = image[:, :, 0] if image.shape[2] == 1 else image
            yield index, {"image": Image.fromarray(pixels), "label": int(label)}
            self._report(f"writing {split}", index + 1, len(images))
