"""The data sets of CycleGAN written as TFDS would write them, but without TensorFlow (Zhu 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from ganzoo import DataError, Report, downloads
from ganzoo_tfds.pictures import Picture, pictures_below, pictures_of_zip
from ganzoo_tfds.published import CYCLE_GAN_SETS, published_files

SPLITS = ("trainA", "trainB", "testA", "testB")


def prepare_cycle_gan(name: str, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Write cycle_gan/NAME below `folder` and return where it lies.

    `origin` is the official zip, the folder that it lies in, or one that holds the folders trainA, trainB, testA and
    testB with images. Without `origin` the zip is downloaded to `folder`/downloads/cycle_gan.
    """
    if origin is None:
        remote = published_files("url_checksums/cycle_gan.txt")[f"{name}.zip"]
        remedy = f"fetch the zip elsewhere, then run: ganzoo data prepare cycle_gan/{name} --from DIR"
        origin = downloads.fetch(remote, folder / "downloads" / "cycle_gan", report, remedy=remedy)
    builder = CycleGAN(name, splits_of(origin, name), report, str(folder))
    builder.download_and_prepare()
    return Path(builder.data_dir)


def splits_of(origin: Path, name: str) -> Mapping[str, Sequence[Picture]]:
    """Return the images of each split by file name; DataError when a split has none."""
    packed = origin if origin.is_file() else origin / f"{name}.zip"
    found = pictures_of_zip(packed) if packed.is_file() else pictures_below(origin)
    splits = {
        split: sorted((picture for picture in found if picture.folder == split), key=lambda picture: picture.name)
        for split in SPLITS
    }
    if missing := [split for split, pictures in splits.items() if not pictures]:
        raise DataError(f"{origin}: has neither {name}.zip nor folders {', '.join(missing)} with images")
    return splits


class CycleGAN(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Same names, features and splits as TFDS' own builder."""

    name = "cycle_gan"
    VERSION = tfds.core.Version("3.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name, description=f"images of {name}") for name in CYCLE_GAN_SETS]

    def __init__(self, config: str, splits: Mapping[str, Sequence[Picture]], report: Report, data_dir: str) -> None:
        self._splits = splits
        self._report = report
        super().__init__(config=config, data_dir=data_dir, file_format="array_record")

    def _info(self) -> Any:
        features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=["A", "B"])}
        return tfds.core.DatasetInfo(
            builder=self,
            description="Images of two kinds, A and B, without pairs.",
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            homepage="https://junyanz.github.io/CycleGAN/",
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        return {split: self._generate_examples(split) for split in self._splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        pictures = self._splits[split]
        for index, picture in enumerate(pictures):
            stored = picture.as_stored(picture.decode(), ("JPEG", "PNG"))
            yield picture.name, {"image": stored, "label": split[-1]}
            self._report(f"writing {split}", index + 1, len(pictures))
