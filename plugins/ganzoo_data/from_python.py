from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from ganzoo import DataError, Dataset


@dataclass(frozen=True, kw_only=True)
class FromPython(Dataset):
    """Stands in a run's recipe for examples that a Python program gave to `ganzoo.train`.

    No file has them: the program that gave them resumes the run, by the same call.
    """

    def open(self) -> NoReturn:
        raise DataError(
            "these examples were given from Python; ganzoo.train(..., data=..., validation=...) takes them again"
        )
