"""Rows of features that are kept: the first so many, so that memory does not grow with the sets."""

from __future__ import annotations

import numpy as np

from ganzoo import Array


class Kept:
    """The first `most` rows of those that come in parts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[Array] = []
        self.count = 0

    def add(self, rows: Array) -> None:
        """Add rows (count, width) as far as there is room."""
        taken = rows[: self._most - self.count].copy()
        if len(taken):
            self._parts.append(taken)
            self.count += len(taken)

    @property
    def rows(self) -> Array:
        """All rows that were kept, in float64."""
        return np.concatenate(self._parts).astype(np.float64)
