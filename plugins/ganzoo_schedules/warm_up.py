"""A gentle start of any other schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from ganzoo import Schedule


@dataclass(frozen=True, kw_only=True)
class WarmUp(Schedule):
    """Rises from `start` to where `then` begins within `steps`; `then` counts from there on."""

    steps: Annotated[int, Ge(1)]
    then: Schedule
    start: float = 0.0

    def __call__(self, step: int) -> float:
        if step >= self.steps:
            return self.then(step - self.steps)
        return self.start + (self.then(0) - self.start) * step / self.steps
