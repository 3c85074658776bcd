"""One attempt at a run, in a separate process that can kill itself before a certain file-system call.

Keras and torch are imported here, so that a server which has imported this module can fork attempts that start at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras  # noqa: F401 the reason for this module

import ganzoo.cli
from ganzoo.proving.proof import KILL, MARK
from ganzoo.runs import files, lock
from ganzoo.runs.folder import RunFolder
from ganzoo.training import evaluation, export
from ganzoo.training.trainer import Trainer

#: What changes a disk, or waits for it.
TAPPED = (
    "open",
    "write",
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

#: What takes time without a call of the above, by name: a process can die before any of these too.
MOMENTS: dict[str, tuple[Any, str]] = {
    "drawing": (Trainer, "draw"),
    "saving": (Trainer, "save"),
    "scoring": (evaluation, "score"),
    "scoring one result": (evaluation, "measure"),
    "choosing the best state": (Trainer, "keep_best"),
    "exporting": (export, "export_bytes"),
    "writing scores": (Trainer, "keep_scores"),
    "ending the run": (RunFolder, "write_manifest"),
}


@dataclass(frozen=True)
class Job:
    """The command to run, and where to kill it."""

    arguments: tuple[str, ...]
    #: Where the process says what it printed, and which calls and moments it came to.
    output: Path
    calls: Path
    moments: Path
    #: What the environment of this process, and of all that it starts, says.
    mark: str = ""
    #: Die before the call with this number, counted from 0; never when absent.
    die_before: int | None = None
    #: Die in the middle of that call if it writes.
    torn: bool = False
    #: Die when this moment comes for so many-th time, counted from 0.
    die_in: tuple[str, int] | None = None


def attempt(job: Job) -> None:
    """Run the command line of a job to its end, or to its death; the exit code is the command's."""
    stream = job.output.open("a", encoding="utf-8")
    os.dup2(stream.fileno(), 1)
    os.dup2(stream.fileno(), 2)
    sys.stdout = sys.stderr = stream
    tap = Tap(job)
    for module in (files, lock):
        vars(module)["os"] = TappedOS(os, tap)
    os.environ[MARK] = job.mark
    counted = count_moments(job.die_in)
    sys.argv = ["ganzoo", *job.arguments]
    try:
        ganzoo.cli.main()
    finally:
        job.calls.write_text(json.dumps(tap.seen), encoding="utf-8")
        job.moments.write_text(json.dumps(counted), encoding="utf-8")


def count_moments(die_in: tuple[str, int] | None) -> dict[str, int]:
    """Count from now on how often each moment comes, and kill the process at the chosen one."""
    counted = dict.fromkeys(MOMENTS, 0)
    for moment, (owner, name) in MOMENTS.items():
        setattr(owner, name, _counting(getattr(owner, name), moment, counted, die_in))
    return counted


def _counting(
    function: Callable[..., Any], moment: str, counted: dict[str, int], die_in: tuple[str, int] | None
) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        if die_in == (moment, counted[moment]):
            os.kill(os.getpid(), KILL)
        counted[moment] += 1
        return function(*arguments, **options)

    return call


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
            if self._job.torn and name == "write":
                function(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2], *arguments[2:])
            os.kill(os.getpid(), KILL)
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
