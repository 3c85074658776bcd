"""One attempt at a run, in a process of its own that may be told to die before a certain file-system call.

Keras and torch are imported here, so that a server which has imported this module can fork attempts that start at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras  # noqa: F401 the reason for this module

import ganzoo.cli
import ganzoo.training.launch
from ganzoo.runs import files, lock

#: What changes a disk, or waits for it.
TAPPED = (
    "open",
    "write",
    "pwrite",
    "posix_fallocate",
    "ftruncate",
    "fsync",
    "close",
    "makedirs",
    "replace",
    "rename",
    "unlink",
    "rmdir",
)


@dataclass(frozen=True)
class Job:
    """What to run, and where to die."""

    arguments: tuple[str, ...]
    #: Where the process says what it printed, and which calls it made.
    output: Path
    calls: Path
    #: Die before the call with this number, counted from 0; never when absent.
    die_before: int | None = None
    #: Die in the middle of that call if it writes.
    torn: bool = False


def attempt(job: Job) -> None:
    """Run the command line of a job to its end, or to its death; the exit code is the command's."""
    stream = job.output.open("a", encoding="utf-8")
    os.dup2(stream.fileno(), 1)
    os.dup2(stream.fileno(), 2)
    sys.stdout = sys.stderr = stream
    tap = Tap(job)
    for module in (files, lock):
        vars(module)["os"] = TappedOS(os, tap)
    sys.argv = ["ganzoo", *job.arguments]
    try:
        ganzoo.cli.main()
    finally:
        job.calls.write_text(json.dumps(tap.seen), encoding="utf-8")


class Tap:
    """Counts calls, and kills the process before the chosen one."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._paths: dict[int, str] = {}
        self.seen: list[tuple[str, str]] = []

    def call(self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Make one call, or die before it."""
        place = self._place(arguments)
        if len(self.seen) == self._job.die_before:
            if self._job.torn and name in ("write", "pwrite"):
                function(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2], *arguments[2:])
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append((name, place))
        result = function(*arguments, **options)
        if name == "open":
            self._paths[result] = place
        return result

    def _place(self, arguments: tuple[Any, ...]) -> str:
        first = arguments[0]
        return self._paths.get(first, "") if isinstance(first, int) else str(first)


class TappedOS:
    """The module `os`, with a tap on some of its functions."""

    def __init__(self, real: ModuleType, tap: Tap) -> None:
        self._real = real
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._real, name)
        if name not in TAPPED:
            return function
        return lambda *arguments, **options: self._tap.call(name, function, arguments, options)
