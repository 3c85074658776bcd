from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from ganzoo import DataError, Dataset, Preparable, Report, Source, images, sources
from ganzoo_tfds.prepared import Prepared, data_folder, find_prepared, prepared_variants, require_array_record
from ganzoo_tfds.published import CYCLE_GAN_SETS, PIX2PIX_SETS
from ganzoo_tfds.quiet import quiet

Side = Annotated[int, Ge(1), Le(65_536)]

_DIV2K = ("div2k/bicubic_x2", "div2k/bicubic_x3", "div2k/bicubic_x4")
_CYCLE_GAN = tuple(f"cycle_gan/{name}" for name in CYCLE_GAN_SETS)
_PIX2PIX = tuple(f"pix2pix/{name}" for name in PIX2PIX_SETS)
_VARIANTS = (*_DIV2K, *_CYCLE_GAN, *_PIX2PIX)
_SMALL = ("cifar10", "fashion_mnist", "mnist")


@dataclass(frozen=True, kw_only=True)
class TFDS(Dataset, Preparable):
    """A prepared data set of TensorFlow Datasets, read without TensorFlow: fields as TFDS names them.

    `dataset` is a name such as "div2k/bicubic_x4" or "mnist", `split` anything that TFDS can slice ("train[:90%]"). It
    must be on disk in array_record or parquet form; `ganzoo data prepare NAME` puts it there, for mnist, fashion_mnist,
    cifar10, div2k, cycle_gan and pix2pix without TensorFlow. Nothing is downloaded during a run.

    With `size` (a number for squares, or [height, width]) every image is brought to it: `resize = "crop"` scales the
    short side and cuts the centre out, "fit" scales the whole and pads it with white, "stretch" gives up proportions.

    `per_class` takes so many examples of each class, chosen by `label_seed`.
    """

    dataset: str
    split: str = "train"
    data_dir: str | None = None
    size: Side | tuple[Side, Side] | None = None
    resize: images.Resize = "crop"
    per_class: Annotated[int, Ge(1)] | None = None
    label_seed: Annotated[int, Ge(0)] = 0

    def __post_init__(self) -> None:
        if self.size is None and self.resize != "crop":
            raise ValueError("resize has no effect without size")

    def open(self) -> Source:
        folder = data_folder(self.data_dir)
        path = find_prepared(folder, self.dataset)
        if path is None:
            raise DataError(self._missing(folder))
        size = (self.size, self.size) if isinstance(self.size, int) else self.size
        source = Prepared(path, self.split, size, self.resize)
        return source if self.per_class is None else sources.per_class(source, self.per_class, seed=self.label_seed)

    def _missing(self, folder: Path) -> str:
        name = self.dataset.partition("/")[0]
        known = {each.partition("/")[0] for each in self.preparable()}
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" (did you mean '{close[0]}'?)" if close else ""
            return f"TFDS has no data set '{name}', and {folder} holds none of that name{hint}"
        if variants := prepared_variants(folder, self.dataset):
            return f"'{self.dataset}' comes in variants; {folder} holds {', '.join(variants)}: name one"
        remedies = {
            f"ganzoo data prepare {self.dataset}": "downloads and prepares it",
            f"ganzoo data prepare {self.dataset} --from DIR": "prepares the files you have",
            "TFDS_DATA_DIR=DIR": "in the environment, when it is prepared elsewhere",
            "--set data=DIR": "trains on your own images, where the recipe has one stream",
        }
        width = max(len(remedy) for remedy in remedies)
        lines = [f"  {remedy:<{width}}  {effect}" for remedy, effect in remedies.items()]
        return "\n".join([f"'{self.dataset}' is not prepared in {folder}. Any of these helps:", *lines])

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*_VARIANTS, *_SMALL, *stock_names())))

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        folder = directory or data_folder(None)
        there = find_prepared(folder, name)
        if there is not None and origin is not None:
            raise DataError(
                f"'{name}' is in {there} already; remove it to prepare it again, or give another --data-dir"
            )
        if there is not None:
            return there
        if variants := [variant for variant in _VARIANTS if variant.startswith(f"{name}/")]:
            raise DataError(f"'{name}' comes in variants; name one of {', '.join(variants)}")
        require_array_record()
        with quiet():
            import tensorflow_datasets as tfds

            tfds.disable_progress_bar()
            return _write(name, origin, folder, report)

    @classmethod
    def recipe_lines(cls, name: str, *, directory: Path | None) -> str:
        place = "" if directory is None else f"\ndata_dir = {json.dumps(str(directory.absolute()), ensure_ascii=False)}"
        return f'[data]\nname = "tfds"\ndataset = "{name}"{place}'


def _write(name: str, origin: Path | None, folder: Path, report: Report) -> Path:
    """Write a data set, without TensorFlow where we can, and return where it lies."""
    config = name.partition("/")[2]
    if name in _DIV2K:
        from ganzoo_tfds.div2k import prepare_div2k

        return prepare_div2k(int(name[-1]), origin=origin, folder=folder, report=report)
    if name in _CYCLE_GAN:
        from ganzoo_tfds.cycle_gan import prepare_cycle_gan

        return prepare_cycle_gan(config, origin=origin, folder=folder, report=report)
    if name in _PIX2PIX:
        from ganzoo_tfds.pix2pix import prepare_pix2pix

        return prepare_pix2pix(config, origin=origin, folder=folder, report=report)
    if name in _SMALL:
        from ganzoo_tfds.small import prepare_small

        return prepare_small(name, origin=origin, folder=folder, report=report)
    from ganzoo_tfds.stock import prepare_stock

    return prepare_stock(name, origin=origin, folder=folder, report=report)


def stock_names() -> list[str]:
    """Return the names that TFDS knows."""
    with quiet():
        import tensorflow_datasets as tfds

        return list(tfds.list_builders(with_community_datasets=False))
