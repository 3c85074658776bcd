"""Whether data keep up with training."""

from __future__ import annotations

import math
import os
import time

#: Batches are to be made at so many times the rate at which steps use them: some take longer than others.
_MARGIN = 2.0
#: Who waits for a smaller share of the time loses nothing by it.
_WORTH = 0.01
#: So many steps are judged together; the ones before, at most so many, start everything up and fill the cache.
_WINDOW = 100
_MOST_SKIPPED = 500


class Pace:
    """Compares the seconds that batches take to be made with those that steps take to use them."""

    def __init__(self, *, makers: int, epoch: int) -> None:
        #: Seconds that training waited for data.
        self.waited = 0.0
        self._makers = makers
        self._made = 0.0
        self._left = max(_WINDOW, min(epoch, _MOST_SKIPPED))
        self._judges = False
        self._since = (time.perf_counter(), 0.0)

    def add(self, *, made: float, waited: float) -> None:
        """Record one batch: the seconds that a maker took, and the seconds that training waited."""
        self._made += made
        self.waited += waited
        self._left -= 1

    def verdict(self) -> str | None:
        """Return what to say when the last steps had to wait for batches, as far as they are judged yet."""
        if self._left > 0:
            return None
        judged, (began, waited), made = self._judges, self._since, self._made / self._makers
        self._left, self._judges, self._made = _WINDOW, True, 0.0
        self._since = (time.perf_counter(), self.waited)
        seconds, waiting = self._since[0] - began, self.waited - waited
        used = max(seconds - waiting, 1e-9)
        share = waiting / max(seconds, 1e-9)
        if not judged or used > _MARGIN * made or share < _WORTH:
            return None
        return _advice(used / made, share, self._makers)


def _advice(rate: float, share: float, makers: int) -> str:
    wanted = min(math.ceil(makers * _MARGIN / rate), os.cpu_count() or 1)
    more = f"--set train.workers={wanted}, which changes no result, or with " if wanted > makers else ""
    return (
        f"data are slow: batches are prepared at {rate:.2g} times the rate at which steps use them, and {share:.0%} of "
        f"the time is spent waiting; resume with {more}data that are read faster (smaller images, JPEG instead of PNG)"
    )
