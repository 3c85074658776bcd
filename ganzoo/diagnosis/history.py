"""The numbers that a run wrote down, as series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: Single points are noisy: each is replaced by the median of so many.
_SMOOTHED = 5


@dataclass(frozen=True)
class Series:
    """One number over time: the steps at which it was measured, and its values."""

    steps: Array
    values: Array

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def smooth(self) -> Array:
        """The median of each value and the four before it, fewer at the beginning."""
        first = [np.median(self.values[:end]) for end in range(1, min(_SMOOTHED, len(self) + 1))]
        if len(self) < _SMOOTHED:
            return np.array(first)
        windows = np.lib.stride_tricks.sliding_window_view(self.values, _SMOOTHED)
        found: Array = np.concatenate([first, np.median(windows, axis=1)])
        return found

    def lasting(self, flags: Array) -> int:
        """Return how many of the last points are flagged without a gap."""
        off = np.flatnonzero(~flags)
        return len(self) - (int(off[-1]) + 1 if len(off) else 0)


class History:
    """The examined records of the present phase, oldest first."""

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        phase = records[-1].get("phase") if records else None
        first = next((i + 1 for i in range(len(records) - 1, -1, -1) if records[i].get("phase") != phase), 0)
        self.records = records[first:]
        self._series: dict[str, Series] = {}

    def series(self, key: str) -> Series:
        """Return the finite numbers of one key."""
        if key not in self._series:
            found = [
                (record["step"], value)
                for record in self.records
                if (value := record.get(key)) is not None and isfinite(value)
            ]
            steps, values = zip(*found, strict=True) if found else ((), ())
            self._series[key] = Series(np.array(steps, int), np.array(values, float))
        return self._series[key]

    def names(self, prefix: str) -> list[str]:
        """Return what follows a prefix in the keys of the newest record."""
        return [key.removeprefix(prefix) for key in self.records[-1] if key.startswith(prefix)] if self.records else []

    def updates_since(self, step: int) -> float:
        """Return how many updates the generator had between the first examined step from `step` on and the last."""
        updates = self.series("doctor/updates")
        inside = updates.values[updates.steps >= step]
        return float(inside[-1] - inside[0]) if len(inside) else 0.0
