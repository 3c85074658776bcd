"""Data sets that TFDS, or ganzoo, wrote to disk."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import Array, DataError, Field, Source, images
from ganzoo_tfds.quiet import hush, quiet

_RANDOM_ACCESS = ("array_record", "parquet")
_AGAIN = "remove that folder and prepare it again"
#: So many examples are read at once, which is faster than one by one.
_AT_ONCE = 1000
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def data_folder(given: str | None) -> Path:
    """Return where data sets lie: as given, else TFDS_DATA_DIR, else TFDS' default place."""
    return Path(given or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser().absolute()


def find_prepared(folder: Path, dataset: str) -> Path | None:
    """Return the newest prepared version of a data set (`name` or `name/config`), if there is one."""
    found = [
        path
        for path in (folder / dataset).glob("*")
        if _VERSION.fullmatch(path.name) and (path / "dataset_info.json").is_file()
    ]
    return max(found, key=lambda path: tuple(int(part) for part in path.name.split("."))) if found else None


def prepared_variants(folder: Path, dataset: str) -> list[str]:
    """Return `name/config` of what is prepared of a data set that is named without its config."""
    below = sorted(path for path in (folder / dataset).glob("*") if path.is_dir())
    return [f"{dataset}/{path.name}" for path in below if find_prepared(folder, f"{dataset}/{path.name}")]


def require_array_record() -> None:
    """Raise DataError where the library of array_record files is absent: TFDS brings it on Linux only."""
    if find_spec("array_record") is None:
        raise DataError(
            "data sets of TFDS are array_record files, whose library is not installed: run pip install array_record; "
            "on Windows, for which there is none, use your own files (ganzoo describe folder, ganzoo describe hdf5)"
        )


class Prepared(Source):
    """One split of a prepared data set. Each process opens the files for itself: a fork must not share them."""

    def __init__(
        self, path: Path, split: str, size: tuple[int, int] | None = None, resize: images.Resize = "crop"
    ) -> None:
        self._path = path
        self._split = split
        self._rows: Any = None
        features = self._open().dataset_info.features
        self.fields = _fields(features)
        if not self.fields:
            raise DataError(f"{path}: has no images, labels or numbers; it has {', '.join(features)}")
        self._resize = resize
        self._sizes = {name: size for name, field in self.fields.items() if size and field.dtype == "uint8"}
        for name, sides in self._sizes.items():
            self.fields[name] = replace(self.fields[name], shape=(*sides, self.fields[name].shape[2]))

    def __len__(self) -> int:
        return len(self._open())

    def __getitem__(self, index: int) -> dict[str, Array]:
        try:
            row = self._open()[index]
        except (OSError, RuntimeError, ValueError) as error:
            raise DataError(f"{self._path}: {self.name_of(index)} cannot be read: {error}; {_AGAIN}") from error
        found = {name: np.asarray(row[name], field.dtype) for name, field in self.fields.items()}
        return found | {name: images.resized(found[name], size, self._resize) for name, size in self._sizes.items()}

    def column(self, name: str) -> Array:
        field = self.fields[name]
        if field.dtype == "uint8":
            return super().column(name)
        import tensorflow_datasets as tfds

        pictures = {other: tfds.decode.SkipDecoding() for other, each in self.fields.items() if each.dtype == "uint8"}
        rows = _rows(self._path, self._split, decoders=pictures)
        parts = (range(start, min(start + _AT_ONCE, len(rows))) for start in range(0, len(rows), _AT_ONCE))
        return np.array([row[name] for part in parts for row in rows.__getitems__(part)], field.dtype)

    def name_of(self, index: int) -> str:
        return f"{self._path.parent.name} {self._split} {index:04d}"

    def fingerprint(self) -> str:
        info = json.loads((self._path / "dataset_info.json").read_bytes())
        splits = [[s["name"], s.get("shardLengths"), s.get("numBytes")] for s in info.get("splits", ())]
        return json.dumps([info.get("name"), info.get("configName"), info.get("version"), self._split, splits])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rows": None}

    def _open(self) -> Any:
        if self._rows is None:
            self._rows = _rows(self._path, self._split)
        return self._rows


def _rows(path: Path, split: str, decoders: Mapping[str, Any] | None = None) -> Any:
    hush()
    with quiet():
        import tensorflow_datasets as tfds

        try:
            builder = tfds.builder_from_directory(path)
        except Exception as error:  # JSON, protobuf, TFDS: each has its own for a damaged description
            raise DataError(f"{path}: cannot be read: {error}; {_AGAIN}") from error
        form = builder.info.file_format.file_suffix if builder.info.file_format else "unknown"
        if form not in _RANDOM_ACCESS:
            raise DataError(
                f"{path}: was prepared as {form}, which has no random access; prepare it again with "
                'tfds.builder(..., file_format="array_record") or ganzoo data prepare'
            )
        if form == "array_record":
            require_array_record()
        try:
            rows, count = (
                builder.as_data_source(split=split, decoders=decoders),
                builder.info.splits[split].num_examples,
            )
        except (ValueError, KeyError) as error:
            known = ", ".join(f"'{name}'" for name in builder.info.splits)
            raise DataError(f"{path}: cannot take the split '{split}'; it has {known}") from error
    if len(rows) != count:  # TFDS 4.9.10 loses most of what it writes as parquet
        raise DataError(f"{path}: holds {len(rows)} of the {count} examples of '{split}'; prepare it as array_record")
    return rows


def _fields(features: Mapping[str, Any]) -> dict[str, Field]:
    found = {name: _field(feature) for name, feature in features.items()}
    return {name: field for name, field in found.items() if field is not None}


def _field(feature: Any) -> Field | None:
    """Return the field of a feature; None for texts, sequences and anything else that is not an array of numbers."""
    kind = type(feature).__name__
    if kind == "Image":
        shape = tuple(feature.shape)
        return Field(shape=shape, dtype="uint8", low=0, high=255) if np.dtype(feature.np_dtype) == np.uint8 else None
    if kind == "ClassLabel":
        return Field(shape=(), dtype="int32", low=0, high=feature.num_classes - 1)
    if kind in ("Tensor", "Scalar") and np.dtype(feature.np_dtype).kind in "iuf":
        dtype = "float32" if np.dtype(feature.np_dtype).kind == "f" else "int32"
        return Field(shape=tuple(feature.shape), dtype=dtype)
    return None
