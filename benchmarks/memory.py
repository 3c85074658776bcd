"""How much memory a training step needs."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

Step = Callable[[], None]

#: One arena, and large blocks given back when freed: what is resident is what is in use, the same in every run.
_STEADY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def peak_memory(make: Callable[[], Step], warm_up: Callable[[], None], *, rounds: int = 3) -> int:
    """Return how many bytes more are resident, at most, while steps are taken than before anything was made for them.

    Measured in a process of its own, from a baseline after `warm_up`: modules, kernels and data are loaded then.
    Counted are weights, the optimizer's state, gradients, activations and the work space of kernels, and not what is in
    use only while `make` builds the networks. On a GPU it is the device's memory that is counted.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_grow, args=(sender, make, warm_up, rounds))
    with patch.dict(os.environ, _STEADY):
        process.start()
    sender.close()
    grown: int = receiver.recv()
    process.join()
    return grown


def _grow(sender: Any, make: Callable[[], Step], warm_up: Callable[[], None], rounds: int) -> None:
    warm_up()
    before = resident()
    step = make()
    resident()
    forget_peak()
    for _ in range(rounds):
        step()
    sender.send(peak() - before)


def forget_peak() -> None:
    """Let `peak` count from what is in use now."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> int:
    """Return the most bytes that were in use since the peak was forgotten."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else status("VmHWM")


def resident() -> int:
    """Return the bytes of memory in use, after giving back to the system all that is free."""
    gc.collect()
    if torch.cuda.is_available():
        return torch.cuda.memory_allocated()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return status("VmRSS")


def status(key: str) -> int:
    """Return the bytes that Linux reports of this process under a key."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
