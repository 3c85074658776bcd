"""Decays without a period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from ganzoo import Schedule


@dataclass(frozen=True, kw_only=True)
class LinearToZero(Schedule):
    """Holds `start` for `delay` steps, then falls to nothing within `steps` (CycleGAN, arXiv 1703.10593)."""

    start: float
    delay: Annotated[int, Ge(0)]
    steps: Annotated[int, Ge(1)]

    def __call__(self, step: int) -> float:
        return self.start * (1 - min(max((step - self.delay) / self.steps, 0.0), 1.0))


@dataclass(frozen=True, kw_only=True)
class InverseSquareRoot(Schedule):
    """Holds `start` for `steps` steps, then falls with the root of the step: half of it after four times as many."""

    start: float
    steps: Annotated[int, Ge(1)]

    def __call__(self, step: int) -> float:
        return self.start * math.sqrt(self.steps / max(step, self.steps))


@dataclass(frozen=True, kw_only=True)
class InverseTime(Schedule):
    """Falls from `start` as 1 / (1 + step / steps): half of it after `steps` (the authors' code of AdaIN: 20,000)."""

    start: float
    steps: Annotated[int, Ge(1)]

    def __call__(self, step: int) -> float:
        return self.start / (1 + step / self.steps)


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """Multiplies `start` by `factor` after each `steps` steps, without end (StackGAN, arXiv 1612.03242: halves it)."""

    start: float
    steps: Annotated[int, Ge(1)]
    factor: Annotated[float, Gt(0), Lt(1)] = 0.5

    def __call__(self, step: int) -> float:
        return float(self.start * self.factor ** (step // self.steps))


@dataclass(frozen=True, kw_only=True)
class Polynomial(Schedule):
    """Falls from `start` to `end` within `steps` as the remaining fraction to the `power`, then holds `end`."""

    start: float
    steps: Annotated[int, Ge(1)]
    end: float = 0.0
    power: Annotated[float, Gt(0)] = 2.0

    def __call__(self, step: int) -> float:
        remaining = 1 - min(step / self.steps, 1.0)
        return float(self.end + (self.start - self.end) * remaining**self.power)
