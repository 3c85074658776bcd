"""Whether data keep up with training."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from pathlib import Path

#: Who waits for a smaller share of the time need not do anything about it.
_WORTH = 0.1
#: Batches that are made faster than this gain nothing by a way through another process.
_CHEAP = 0.005
#: Some batches take longer than others: so many times the workers that would just keep up.
_MARGIN = 1.25
#: So many steps are judged together; the ones before, at most so many, start everything up and fill the cache.
_WINDOW = 100
_MOST_SKIPPED = 500


class Pace:
    """Compares the seconds that batches take to be made with those that steps take to use them."""

    def __init__(self, *, workers: int, epoch: int) -> None:
        #: Seconds that training waited for data.
        self.waited = 0.0
        self._workers = workers
        self._made = 0.0
        self._left = max(_WINDOW, min(epoch, _MOST_SKIPPED))
        self._judges = False
        self._since = _Since(0.0)
        self._first: _Since | None = None

    def add(self, *, made: float, waited: float) -> None:
        """Record one batch: the seconds that a maker took, and the seconds that training waited."""
        self._made += made
        self.waited += waited
        self._left -= 1
        self._first = self._first or _Since(self.waited)

    @property
    def share(self) -> float:
        """The share of the time that training waited, from the first batch on: that one starts everything up."""
        return 0.0 if self._first is None else self._first.share(self.waited)

    def verdict(self) -> str | None:
        """Return what to do when steps wait long for batches, and it would help; the last steps are judged together."""
        if self._left > 0:
            return None
        judged, since, made = self._judges, self._since, self._made / _WINDOW
        self._left, self._judges, self._made, self._since = _WINDOW, True, 0.0, _Since(self.waited)
        share = since.share(self.waited)
        if not judged or share < _WORTH or made < _CHEAP:
            return None
        return self._advice(share, made, since)

    def _advice(self, share: float, made: float, since: _Since) -> str | None:
        step, making = since.seconds * (1 - share) / _WINDOW, made * _WINDOW / since.seconds
        spare = _cores() - since.busy_cores(making if self._workers else 0.0)
        makers = max(self._workers, 1)  # without workers it is a thread, whose core a worker can have
        wanted = min(math.ceil(_MARGIN * made / max(step, 1e-9)), makers + math.floor(spare))
        if wanted <= makers:
            return None
        return (
            f"loading data takes {share:.0%} of the time; resume with --set train.workers={wanted} to prepare batches "
            f"in {wanted} processes, which changes no result"
        )


class _Since:
    """Time, processor time and waiting from now on."""

    def __init__(self, waited: float) -> None:
        self._began, self._worked, self._waited = time.perf_counter(), time.process_time(), waited

    @property
    def seconds(self) -> float:
        return max(time.perf_counter() - self._began, 1e-9)

    def share(self, waited: float) -> float:
        """Return the share of the time that was spent waiting, of which there is so much now."""
        return (waited - self._waited) / self.seconds

    def busy_cores(self, workers: float) -> float:
        """Return how many cores this process, its workers and others on the machine keep busy."""
        ours = (time.process_time() - self._worked) / self.seconds + workers
        return max(ours, os.getloadavg()[0]) if hasattr(os, "getloadavg") else ours


def _cores() -> float:
    """Return how many cores this process may use."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with suppress(OSError, ValueError):  # no limit, or a system that does not say
        quota, period = map(int, Path("/sys/fs/cgroup/cpu.max").read_text().split())
        cores = min(cores, quota / period)
    return cores
