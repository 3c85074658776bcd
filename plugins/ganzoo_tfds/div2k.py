"""DIV2K written as TFDS would write it, but without TensorFlow (Agustsson and Timofte 2017)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from PIL import Image

from ganzoo import DataError, Report, downloads, images
from ganzoo_tfds.pictures import Picture, pictures_below, pictures_of_zip
from ganzoo_tfds.published import published_files


def remote_files(scale: int) -> Mapping[str, downloads.RemoteFile]:
    """Return the four official archives by their name, as TFDS' table of checksums lists them."""
    found = published_files("datasets/div2k/checksums.tsv")
    wanted = [f"{archive}.zip" for archives in archive_names(scale).values() for archive in archives]
    return {name: found[name] for name in wanted}


def archive_names(scale: int) -> Mapping[str, tuple[str, str]]:
    """Return (hr, lr) archives of each split."""
    return {
        "train": ("DIV2K_train_HR", f"DIV2K_train_LR_bicubic_X{scale}"),
        "validation": ("DIV2K_valid_HR", f"DIV2K_valid_LR_bicubic_X{scale}"),
    }


def prepare_div2k(scale: int, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Write div2k/bicubic_xS below `folder` and return where it lies.

    From `origin` come the official zips or unpacked folders (`DIV2K_train_HR`, `DIV2K_train_LR_bicubic/X4`, the same
    with `valid`), with any number of images; low resolution images that are not there are made by antialiased bicubic
    interpolation. Without `origin` the zips are downloaded to `folder`/downloads/div2k.
    """
    if origin is None:
        origin = folder / "downloads" / "div2k"
        remedy = f"fetch the zips elsewhere, then run: ganzoo data prepare div2k/bicubic_x{scale} --from DIR"
        for remote in remote_files(scale).values():
            downloads.fetch(remote, origin, report, remedy=remedy)
    splits = {split: paired(origin, hr, lr, scale) for split, (hr, lr) in archive_names(scale).items()}
    builder = Div2k(scale=scale, splits=splits, report=report, data_dir=str(folder))
    builder.download_and_prepare()
    return Path(builder.data_dir)


Pictures = Mapping[str, Picture]


def paired(origin: Path, hr_archive: str, lr_archive: str, scale: int) -> tuple[Pictures, Pictures]:
    """Return (hr, lr) of one split by the name they share: `0001` of `0001.png` and `0001x4.png`; lr may be empty.

    DataError when there is no hr, or when there are lr images but not one for each hr.
    """
    hr = _by_name(_pictures(origin, hr_archive), scale)
    lr = _by_name(_pictures(origin, lr_archive), scale, partners=hr)
    if not hr:
        raise DataError(f"{origin}: has neither {hr_archive}.zip nor a folder {hr_archive} with images")
    if alone := sorted(set(hr) ^ set(lr) if lr else ()):
        raise DataError(
            f"{origin}: {len(alone)} images of {hr_archive} and {lr_archive} lack a partner, '{alone[0]}' first"
        )
    return hr, lr


def _by_name(pictures: Sequence[Picture], scale: int, partners: Container[str] | None = None) -> Pictures:
    found: dict[str, Picture] = {}
    for picture in pictures:
        name = Path(picture.name).stem
        if partners is not None and name not in partners:
            name = name.removesuffix(f"x{scale}")
        if name in found:
            raise DataError(f"{picture.path}: {picture.name} and {found[name].name} have the same name; keep one")
        found[name] = picture
    return found


def _pictures(origin: Path, archive: str) -> list[Picture]:
    """Return the images of one archive, from its zip or from the folder it unpacks to; hidden files are left out."""
    packed = origin / f"{archive}.zip"
    if packed.is_file():
        return pictures_of_zip(packed)
    base, _, scale = archive.partition("_bicubic_X")
    folders = [origin / f"{base}_bicubic" / f"X{scale}", origin / archive] if scale else [origin / archive]
    return [picture for folder in folders for picture in pictures_below(folder)]


class Div2k(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Same names, features and splits as TFDS' own builder."""

    name = "div2k"
    VERSION = tfds.core.Version("2.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=f"bicubic_x{scale}", description=f"LR by bicubic x{scale}") for scale in (2, 3, 4)
    ]

    def __init__(
        self,
        *,
        scale: int,
        splits: Mapping[str, tuple[Pictures, Pictures]],
        report: Report,
        data_dir: str,
    ) -> None:
        self._scale = scale
        self._splits = splits
        self._report = report
        super().__init__(config=f"bicubic_x{scale}", data_dir=data_dir, file_format="array_record")

    def _info(self) -> Any:
        features = {"lr": tfds.features.Image(), "hr": tfds.features.Image()}
        return tfds.core.DatasetInfo(
            builder=self,
            description="DIV2K: photographs of about 2000 pixels a side and their bicubic reductions.",
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("lr", "hr"),
            homepage="https://data.vision.ee.ethz.ch/cvl/DIV2K/",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
        return {split: self._generate_examples(split) for split in self._splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        hr, lr = self._splits[split]
        for index, key in enumerate(sorted(hr)):
            yield index, example(hr[key], lr.get(key), self._scale)
            self._report(f"writing {split}", index + 1, len(hr))


def example(hr: Picture, lr: Picture | None, scale: int) -> dict[str, Any]:
    """Return one pair as TFDS encodes it: plain RGB PNGs keep their bytes. DataError naming a bad file."""
    array = hr.decode()
    height, width = (side // scale for side in array.shape[:2])
    if not height or not width:
        raise DataError(f"{hr.path}: {hr.name} is smaller than {scale} pixels")
    if lr is not None:
        given = lr.decode()
        if given.shape[:2] != (height, width):
            raise DataError(f"{lr.path}: {lr.name} is {given.shape[1]}x{given.shape[0]}, expected {width}x{height}")
        return {"lr": lr.as_stored(given, ("PNG",)), "hr": hr.as_stored(array, ("PNG",))}
    cut = array[: height * scale, : width * scale]
    small = images.resize_bicubic(cut, (height, width))
    return {"lr": Image.fromarray(small), "hr": Image.fromarray(cut)}
