"""A thread that makes the next items while the present one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

#: A thread that is in the middle of an item is waited for so long when nobody wants the rest.
_PATIENCE = 5.0


class _Raised:
    """An exception of the iterator, in the position in which it was raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class ReadAhead(Iterator[Any]):
    """Yields what an iterator yields, which runs in a thread up to `depth` items ahead.

    What it raises, its end included, is raised here, after the items before it. After `close()` nothing more is made,
    and the thread is gone, unless one item takes longer than anybody waits, or the thread itself closes this.
    """

    def __init__(self, items: Iterator[Any], *, depth: int) -> None:
        self._items = items
        self._ready: queue.Queue[Any] = queue.Queue(depth)
        self._closed = threading.Event()
        # a daemon: a read that never returns must not keep the process from ending
        self._thread = threading.Thread(target=self._make, name="ganzoo-data", daemon=True)
        self._thread.start()

    def __next__(self) -> Any:
        return self.get(None)

    def get(self, timeout: float | None) -> Any:
        """Return the next item; queue.Empty when there is none after so many seconds."""
        found = self._ready.get(timeout=timeout)
        if isinstance(found, _Raised):
            self._ready.put(found)  # for whoever asks again
            raise found.error
        return found

    def close(self) -> None:
        """Stop making items, and wait for the thread."""
        self._closed.set()
        self._empty()  # it may be waiting for room; it finds some, and then that this is closed
        # whoever holds this may be garbage that is collected in the very thread
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE)

    def _make(self) -> None:
        try:
            while not self._closed.is_set():
                self._ready.put(next(self._items))
        except BaseException as error:
            self._ready.put(_Raised(error))

    def _empty(self) -> None:
        try:
            while True:
                self._ready.get_nowait()
        except queue.Empty:
            return
