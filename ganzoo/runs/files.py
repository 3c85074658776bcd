"""The one door to the disk for everything a run writes.

A reader finds the old file or the new one, never half of either, and a process that is killed between any two calls
leaves at most hidden names that end in `.part`, which the next start sweeps away.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo.errors import ResourceError

#: File systems that cannot preallocate say so with one of these.
_NO_PREALLOCATION = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV}
_PLENTY = 1 << 20


def write_durably(path: Path, content: bytes) -> None:
    """Write a file through a hidden neighbour: flushed to disk, then renamed.

    ResourceError when that fails; what was there before is intact then, and nothing else is left.
    """
    temporary = hidden(path)
    try:
        _write(temporary, content)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise no_room(path, error, len(content)) from error


def probe(folder: Path) -> None:
    """Write, flush, rename and remove a file; ResourceError when a folder cannot be worked in."""
    path = folder / ".probe.part"
    write_durably(path, b" ")
    try:
        os.unlink(path)
    except OSError as error:
        raise no_room(path, error, 0) from error


def append_line(path: Path, line: str) -> None:
    """Append one line of text; OSError when that fails, and then the file is as it was."""
    handle = os.open(path, flags("O_WRONLY", "O_CREAT", "O_APPEND", "O_BINARY"), 0o666)
    size = os.fstat(handle).st_size
    try:
        _write_all(handle, line.encode() + b"\n")
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; ResourceError when that fails."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"{path}: cannot be made: {error.strerror}") from error


def publish_folder(temporary: Path, final: Path) -> None:
    """Make a whole folder appear at once under its final name; OSError when that fails."""
    if final.exists():
        remove_folder(final)
    os.rename(temporary, final)
    sync_folder(final.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder so that half of it is never seen under its own name; OSError when that fails."""
    doomed = path
    if not path.name.startswith("."):
        doomed = path.with_name(f".{path.name}.old.part")
        os.rename(path, doomed)
    for entry in sorted(os.listdir(doomed)):
        inside = doomed / entry
        if inside.is_dir() and not inside.is_symlink():
            shutil.rmtree(inside)
        else:
            os.unlink(inside)
    os.rmdir(doomed)


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder."""
    for path in sorted(folder.glob(".*.part")):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                remove_folder(path)
            else:
                os.unlink(path)


def sync_file(path: Path) -> None:
    """Flush a file's content to disk."""
    _sync(path, os.O_RDWR)  # Windows flushes only what may be written


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename in it survives a power cut; Windows cannot open a folder for that."""
    if hasattr(os, "O_DIRECTORY"):
        _sync(folder, os.O_RDONLY)


def hidden(path: Path) -> Path:
    """Return the name under which a file or folder grows and dies."""
    return path.with_name(f".{path.name}.part")


def flags(*names: str) -> int:
    """Return these flags of `os.open` together, without those that this system lacks."""
    return sum(getattr(os, name, 0) for name in names)


def no_room(path: Path, error: OSError, needed: int) -> ResourceError:
    """Return the error of a failed write: the cause, and for a full disk how much is needed and how much is free."""
    room = ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        with suppress(OSError):
            free = shutil.disk_usage(path.parent).free
            room = f" ({_size(needed)} needed, {_size(free)} free)"
    return ResourceError(f"{path}: cannot be written: {error.strerror}{room}; what was there before is intact")


def to_json(value: Any) -> bytes:
    """Return indented, strict JSON (numbers that are not finite are refused)."""
    return (json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: Path, *, most: int = 16 * _PLENTY) -> Any:
    """Return what a JSON file of at most `most` bytes holds; ValueError or OSError when it is none."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"is larger than {_size(most)}")
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _write(path: Path, content: bytes) -> None:
    # a link that was put there must not lead the content to another file
    handle = os.open(path, flags("O_WRONLY", "O_CREAT", "O_TRUNC", "O_NOFOLLOW", "O_BINARY"), 0o666)
    try:
        _preallocate(handle, len(content))
        _write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _preallocate(handle: int, size: int) -> None:
    """Reserve the room first, so that a full disk is noticed before anything is written."""
    if size == 0 or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in _NO_PREALLOCATION:
            raise


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _sync(path: Path, access: int) -> None:
    handle = os.open(path, access)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(count: int) -> str:
    return f"{count / _PLENTY:.1f} MiB" if count >= _PLENTY else f"{count} bytes"
