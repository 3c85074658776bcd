"""Examples that are held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ganzoo import Array, Field, Source


class Arrays(Source):
    """Rows of equally long arrays."""

    def __init__(self, columns: Mapping[str, Array], fields: Mapping[str, Field]) -> None:
        self._columns = dict(columns)
        self.fields = dict(fields)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, index: int) -> dict[str, Array]:
        return {name: values[index] for name, values in self._columns.items()}

    def fingerprint(self) -> str:
        return " ".join(f"{name} {hashlib.sha256(v.tobytes()).hexdigest()}" for name, v in self._columns.items())
