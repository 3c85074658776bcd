"""One process works in a run folder at a time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ganzoo.errors import LockedError
from ganzoo.runs import files

try:
    import fcntl

    def _seize(handle: int) -> None:
        """Lock a file until it is closed; BlockingIOError when another process holds it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:  # Windows
    import msvcrt

    def _seize(handle: int) -> None:
        """Lock a byte behind all that is written, as no other process can read it; PermissionError when it is held."""
        os.lseek(handle, 2**30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's `.lock`; LockedError naming who holds it otherwise. A process that dies lets it go."""
    path = folder / ".lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise files.no_room(path, error, 0) from error
    try:
        try:
            _seize(handle)
        except (BlockingIOError, PermissionError) as error:
            raise LockedError(
                f"{folder}: another process works here ({_holder(path)}); wait for it, or stop it"
            ) from error
        _sign(handle)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _sign(handle: int) -> None:
    """Write who holds the lock; a full disk must not prevent the work."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, json.dumps(holder).encode())


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        holder = json.loads(path.read_bytes()[:1000])
        return f"pid {holder['pid']} on {holder['host']} since {holder['since']}"
    return "it has not said who it is"
