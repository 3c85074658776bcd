"""Examples that take their time, run out of memory, or come from a thread. Worker processes import this module."""

from __future__ import annotations

import threading
import time

import numpy as np
from points import Rows

from ganzoo import Field


class Counted(Rows):
    """Counts how often an example is read, by thread; every read takes `seconds`."""

    def __init__(self, count, *, seconds=0.0, size=1):
        columns = {"number": np.arange(count), "filling": np.zeros((count, size), np.uint8)}
        super().__init__(columns, {"number": Field(shape=(), dtype="int64")})
        self.seconds = seconds
        self.reads = []

    def __getitem__(self, index):
        self.reads.append(threading.current_thread().name)
        time.sleep(self.seconds)
        return super().__getitem__(index)


class Exhausting(Rows):
    """There is no memory for any example."""

    def __getitem__(self, index):
        raise MemoryError
