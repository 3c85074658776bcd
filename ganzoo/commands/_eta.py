"""How fast a run is, and how long the rest of it takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

from ganzoo.contracts.timeline import Timeline
from ganzoo.reporting.durations import whole_seconds

_YEAR = 365 * 24 * 3600


class Eta:
    """The time that is left, by the seconds that a step of each phase takes.

    They are the mean over the steps of a phase in this process, pictures, checkpoints and scores included; `earlier`
    has them for phases that were not measured here yet. A phase that was never measured makes the time a lower bound.
    """

    def __init__(self, timeline: Timeline, earlier: Mapping[str, float]) -> None:
        self._timeline = timeline
        self._seconds = dict(earlier)
        self._phase = ""
        self._since = (0, 0.0)

    def begin(self) -> None:
        """Measure the present phase anew: training begins, or goes back to an earlier step."""
        self._phase = ""

    def step(self, done: int) -> None:
        """Count a step; the first one of a phase also starts things up, and is not measured."""
        phase, now = self._timeline.at(done - 1).phase, time.monotonic()
        if phase != self._phase:
            self._phase, self._since = phase, (done, now)
            return
        first, began = self._since
        self._seconds[phase] = max(now - began, 1e-9) / (done - first)

    def text(self, done: int) -> str:
        """Return the rate of the present phase and the time left, as `9.2 steps/s, > 18s left`."""
        seconds = self._seconds.get(self._timeline.at(max(done - 1, 0)).phase)
        rate = "--" if seconds is None else _rate(1 / seconds)
        return f"{rate} steps/s, {self._left(done)} left"

    def _left(self, done: int) -> str:
        spent = dict(self._timeline.spent(done))
        rest = {name: steps - spent[name] for name, steps in self._timeline.phases if steps > spent[name]}
        known = [steps * self._seconds[name] for name, steps in rest.items() if name in self._seconds]
        if rest and not known:
            return "--"
        seconds = sum(known)
        if seconds > _YEAR:
            return "> 1 year"
        return f"{'> ' if len(known) < len(rest) else ''}{whole_seconds(seconds)}"


def seconds_per_step(records: Iterable[Mapping[str, Any]], timeline: Timeline) -> dict[str, float]:
    """Return what the lines of a run's timing.jsonl say of each phase; nothing of what they do not say."""
    spent: dict[str, tuple[float, int]] = {}
    with suppress(KeyError, TypeError, OverflowError, OSError):  # lines that no run has written
        for before, after in pairwise(records):
            phase = timeline.at(after["step"] - 1).phase
            seconds, steps = after["seconds"] - before["seconds"], after["step"] - before["step"]
            # seconds start again with each process
            if seconds > 0 and steps > 0 and timeline.at(before["step"] - 1).phase == phase:
                total, count = spent.get(phase, (0.0, 0))
                spent[phase] = (total + seconds, count + steps)
    return {phase: total / count for phase, (total, count) in spent.items()}


def _rate(speed: float) -> str:
    return f"{speed:.0f}" if speed >= 99.95 else f"{speed:.1f}" if speed >= 1 else f"{speed:.2g}"
