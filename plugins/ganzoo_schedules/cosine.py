"""Cosine decay, once or again and again (Loshchilov and Hutter 2016, arXiv 1608.03983)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from ganzoo import Schedule


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Holds `start` for `delay` steps, falls to `end` within `steps` along half a cosine, then holds `end`."""

    start: float
    steps: Annotated[int, Ge(1)]
    end: float = 0.0
    delay: Annotated[int, Ge(0)] = 0

    def __call__(self, step: int) -> float:
        return half_cosine(self.start, self.end, min(max(step - self.delay, 0) / self.steps, 1.0))


@dataclass(frozen=True, kw_only=True)
class CosineRestarts(Schedule):
    """Falls from `start` to `end` within `steps`, and again in cycles that are `longer` times as long.

    Each cycle starts from `lower` times where the one before it started.
    """

    start: float
    steps: Annotated[int, Ge(1)]
    end: float = 0.0
    longer: Annotated[int, Ge(1)] = 1
    lower: Annotated[float, Ge(0)] = 1.0

    def __call__(self, step: int) -> float:
        start, length = self.start, self.steps
        if self.longer == 1:
            cycles, step = divmod(step, length)
            return half_cosine(start * self.lower**cycles, self.end, step / length)
        while step >= length:
            step -= length
            start, length = start * self.lower, length * self.longer
        return half_cosine(start, self.end, step / length)


def half_cosine(start: float, end: float, fraction: float) -> float:
    """Return the value after a fraction of the way from `start` to `end`."""
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2
