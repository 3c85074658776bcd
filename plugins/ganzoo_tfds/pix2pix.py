"""The data sets of pix2pix written as TFDS writes data sets, but without TensorFlow (Isola 2017, arXiv 1611.07004)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from PIL import Image

from ganzoo import DataError, Report, images
from ganzoo_tfds.pictures import Picture, pictures_below, pictures_of_tar
from ganzoo_tfds.published import PIX2PIX_SETS

SPLITS = ("train", "val", "test")
_URL = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets"


def prepare_pix2pix(name: str, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Write pix2pix/NAME below `folder` and return where it lies.

    `origin` is the official archive, the folder that it lies in, or one that holds the folders train, val and test, as
    far as the set has them, with pictures of two halves. No checksum is published, so nothing is downloaded.
    """
    if origin is None:
        raise DataError(
            f"pix2pix/{name} is not downloaded, as no checksum of it is published; fetch {_URL}/{name}.tar.gz, "
            f"then run: ganzoo data prepare pix2pix/{name} --from {name}.tar.gz"
        )
    packed = origin / f"{name}.tar.gz"
    place = packed if packed.is_file() else origin
    counts = Counter(picture.folder for picture in pictures_of(place))
    if not counts:
        raise DataError(f"{origin}: has neither {name}.tar.gz nor folders {', '.join(SPLITS)} with images")
    builder = Pix2Pix(name, place, counts, report, str(folder))
    builder.download_and_prepare()
    return Path(builder.data_dir)


def pictures_of(place: Path) -> Iterator[Picture]:
    """Yield the images of the splits of an archive or a folder."""
    found = pictures_of_tar(place) if place.is_file() else iter(pictures_below(place))
    return (picture for picture in found if picture.folder in SPLITS)


class Pix2Pix(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Pairs `input` and `target` of the two halves of each picture, in the direction of `PIX2PIX_SETS`."""

    name = "pix2pix"
    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name, description=f"pairs of {name}") for name in PIX2PIX_SETS]

    def __init__(self, config: str, place: Path, counts: Mapping[str, int], report: Report, data_dir: str) -> None:
        self._place = place
        self._counts = counts
        self._report = report
        self._input_is_left = PIX2PIX_SETS[config] == "left"
        super().__init__(config=config, data_dir=data_dir, file_format="array_record")

    def _info(self) -> Any:
        features = {"input": tfds.features.Image(), "target": tfds.features.Image()}
        return tfds.core.DatasetInfo(
            builder=self,
            description="Pairs of images.",
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("input", "target"),
            homepage="https://phillipi.github.io/pix2pix/",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        return {split: self._generate_examples(split) for split in SPLITS if split in self._counts}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        found = (picture for picture in pictures_of(self._place) if picture.folder == split)
        for index, picture in enumerate(found):
            whole = picture.decode()
            if reason := images.no_halves(whole.shape):
                raise DataError(f"{picture.label}: {reason}")
            left, right = (Image.fromarray(half) for half in images.halves(whole))
            given, wanted = (left, right) if self._input_is_left else (right, left)
            yield picture.name, {"input": given, "target": wanted}
            self._report(f"writing {split}", index + 1, self._counts[split])
