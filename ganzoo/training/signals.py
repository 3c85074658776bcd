"""Stopping politely: the first signal asks, the second insists."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from ganzoo.errors import Stopped

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """While entered, the first SIGINT or SIGTERM stops the work, the second interrupts it at once.

    Work that can be thrown away (imports, reading data, evaluation) is stopped where it stands, by `Stopped`. Inside
    `deferred()` the signal only sets `requested`, and the work decides when to heed it.
    """

    def __init__(self, message: str = "stopped; the same command begins again") -> None:
        self.requested = False
        #: Whether the work asked itself to stop, not a signal.
        self.own = False
        self._message = message
        self._deferred = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Delay signals: the first one does not interrupt this block."""
        self.check()
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False

    def check(self) -> None:
        """Raise Stopped when a signal came; for the borders between pieces of work, where it may have been lost."""
        if self.requested:
            raise Stopped(self._message)

    def ask(self) -> None:
        """Request a stop from inside the work."""
        self.requested = self.own = True

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if not self._deferred:
            raise Stopped(self._message)
