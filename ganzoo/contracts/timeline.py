"""Phases of a run by step number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ganzoo.contracts.step import Step


class Timeline:
    """Maps step numbers to phases: `Timeline([("pretrain", 100), ("gan", 50)]).at(120).phase == "gan"`."""

    def __init__(self, phases: Sequence[tuple[str, int]]) -> None:
        self.phases = tuple(phases)
        self._ends = list(accumulate(steps for _, steps in self.phases))

    @property
    def total_steps(self) -> int:
        """How many steps the whole run has."""
        return self._ends[-1]

    def first_step(self, phase: str) -> int:
        """Return the number of a phase's first step."""
        names = [name for name, _ in self.phases]
        index = names.index(phase)
        return self._ends[index] - self.phases[index][1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the phases in order."""
        return tuple(name for name, _ in self.phases)

    def spent(self, number: int) -> list[tuple[str, int]]:
        """Return how many of the steps before this one each phase had; past the end, the last phase continues."""
        found, left = [], number
        for index, (name, steps) in enumerate(self.phases):
            used = left if index == len(self.phases) - 1 else min(left, steps)
            found.append((name, used))
            left -= used
        return found

    def at(self, number: int) -> Step:
        """Return the step with this number; past the end, the last phase continues."""
        index = min(bisect_right(self._ends, number), len(self.phases) - 1)
        name, steps = self.phases[index]
        start = self._ends[index] - steps
        return Step(number=number, phase=name, phase_index=index, phase_step=number - start)
