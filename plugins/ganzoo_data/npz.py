from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen

from ganzoo import Array, DataError, Dataset, Source, sources
from ganzoo_data.files import resolved


@dataclass(frozen=True, kw_only=True)
class Npz(Dataset):
    """Arrays of a NumPy `.npz` file with one row for each example, in memory; `fields` names those to use, or all.

    uint8 arrays are images with values 0 ... 255 (grey ones may lack the axis of channels); whole numbers alone are
    class labels unless some are negative. `per_class` takes so many examples of each class, chosen by `label_seed`.
    Files with objects in them (pickles) are refused.
    """

    path: str
    fields: Annotated[tuple[str, ...], MinLen(1)] | None = None
    per_class: Annotated[int, Ge(1)] | None = None
    label_seed: Annotated[int, Ge(0)] = 0

    def open(self) -> Source:
        path = Path(self.path).expanduser()
        if not path.is_file():
            raise DataError(f"{path}: there is no such file{resolved(path)}; give your .npz file as data.path")
        try:
            with path.open("rb") as file:
                columns = _columns(path, np.load(file, allow_pickle=False), self.fields)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: cannot be read as .npz: {error}") from error
        try:
            found = sources.from_arrays(columns)
            return found if self.per_class is None else sources.per_class(found, self.per_class, seed=self.label_seed)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def _columns(path: Path, loaded: Any, wanted: tuple[str, ...] | None) -> dict[str, Array]:
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise DataError(f"{path}: holds a single array; np.savez(path, image=array) writes one by name")
    with loaded as archive:
        for name in wanted or ():
            if name not in archive.files:
                raise DataError(f"{path}: has no array '{name}'; it has {', '.join(archive.files)}")
        return {name: archive[name] for name in wanted or archive.files}
