from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
from annotated_types import MinLen

from ganzoo import Array, DataError, Dataset, Field, Source, sources
from ganzoo_data.files import resolved


@dataclass(frozen=True, kw_only=True)
class Hdf5(Dataset):
    """Arrays of an HDF5 file with one row for each example; `fields` names them, as ["image", "label"].

    uint8 arrays are images with values 0 ... 255; integer scalars are class labels unless some are negative. Only plain
    arrays of this very file are read: links and external storage are refused.
    """

    path: str
    fields: Annotated[tuple[str, ...], MinLen(1)]

    def open(self) -> Hdf5Rows:
        path = Path(self.path).expanduser()
        if not path.is_file():
            raise DataError(f"{path}: there is no such file{resolved(path)}; give your HDF5 file as data.path")
        try:
            with h5py.File(path, "r") as file:
                columns = {name: _plain(file, path, name) for name in self.fields}
                lengths = {len(column) for column in columns.values()}
                found = {name: sources.field_of(column) for name, column in columns.items()}
        except OSError as error:
            raise DataError(f"{path}: cannot be read as HDF5: {error}") from error
        if len(lengths) > 1 or lengths == {0}:
            raise DataError(f"{path}: {', '.join(self.fields)} must have the same number of rows, one at least")
        return Hdf5Rows(path, found, lengths.pop())


class Hdf5Rows(Source):
    """Rows of an HDF5 file, which each process opens for itself."""

    def __init__(self, path: Path, fields: dict[str, Field], length: int) -> None:
        self._path = path
        self.fields = fields
        self._length = length
        self._file: Any = None

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, Array]:
        try:
            if self._file is None:
                self._file = h5py.File(self._path, "r")
            return {name: np.asarray(self._file[name][index], self.fields[name].dtype) for name in self.fields}
        except OSError as error:
            raise DataError(f"{self.name_of(index)}: cannot be read: {error}") from error

    def name_of(self, index: int) -> str:
        return f"{self._path} row {index}"

    def fingerprint(self) -> str:
        return f"{self._path.name} {self._path.stat().st_size} {self._length} {sorted(self.fields)}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}


def _plain(file: Any, path: Path, name: str) -> Any:
    parts, group = name.split("/"), file
    for part in parts:
        inside = isinstance(group, h5py.Group) and part in set(group)
        link = group.get(part, getlink=True) if inside else None
        if not isinstance(link, h5py.HardLink):
            raise DataError(f"{path}: has no array '{name}' of its own; it has {', '.join(file)}")
        group = group[part]
    if not isinstance(group, h5py.Dataset) or group.external or group.is_virtual or group.dtype.kind not in "uif":
        raise DataError(f"{path}: '{name}' is not a plain array of numbers")
    if not group.shape:
        raise DataError(f"{path}: '{name}' is a single number; expected one row for each example")
    return group
