"""Numbers that change over a run: pure functions of a step count."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from ganzoo.contracts.component import Component


class Schedule(Component, ABC):
    """A number as a function of the step.

    Where a constructor asks for a Schedule, a recipe may write a plain number, a ramp
    `{start = 0.1, end = 0.0, steps = 1000, delay = 0, shape = "linear"}`, a staircase
    `{values = [1e-4, 1e-5], at = [1000]}`, or a schedule of a plugin, `{name = "cosine", ...}`. It is a pure function
    of the step: it holds no state, and gives the same number in every process.
    """

    kind = "schedule"

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the value at `step`, counted from 0."""


@dataclass(frozen=True)
class Constant(Schedule):
    """Always `value`."""

    value: float

    def __call__(self, step: int) -> float:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Ramp(Schedule):
    """Holds `start` for `delay` steps, moves to `end` within `steps`, then holds `end`."""

    start: float
    end: float
    steps: int
    delay: int = 0
    shape: Literal["linear", "cosine", "exponential"] = "linear"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.delay < 0:
            raise ValueError("a ramp needs steps >= 1 and delay >= 0")
        if self.shape == "exponential" and (self.start <= 0 or self.end <= 0):
            raise ValueError("an exponential ramp needs start and end above 0")

    def __call__(self, step: int) -> float:
        fraction = min(max((step - self.delay) / self.steps, 0.0), 1.0)
        if self.shape == "exponential":
            return float(self.start * (self.end / self.start) ** fraction)
        if self.shape == "cosine":
            fraction = (1 - math.cos(math.pi * fraction)) / 2
        return self.start + (self.end - self.start) * fraction


@dataclass(frozen=True, kw_only=True)
class Staircase(Schedule):
    """Gives `values[i]` from step `at[i - 1]` on; `values[0]` from the start."""

    values: tuple[float, ...]
    at: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.at) + 1:
            raise ValueError("a staircase needs one more of values than of at")
        if list(self.at) != sorted(set(self.at)) or any(step < 1 for step in self.at):
            raise ValueError("a staircase needs at to rise from 1 or more")

    def __call__(self, step: int) -> float:
        return self.values[sum(step >= start for start in self.at)]
