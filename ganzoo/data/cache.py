"""Decoded examples that are kept in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ganzoo.contracts.tensor import Example

#: Examples get one part in so many of the memory.
_PARTS = 4
#: What they get where nobody knows how much there is.
_UNKNOWN = 2**30
#: What the objects around the arrays of an example take.
_OVERHEAD = 512


class Cache:
    """Keeps decoded examples as long as they fit into `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.room = limit
        self._limit = limit
        self._kept: dict[int, Example] = {}

    def kept(self, index: int) -> Example | None:
        """Return an example that is kept."""
        return self._kept.get(index)

    def keep(self, index: int, example: Example) -> None:
        """Keep an example if it fits."""
        size = _OVERHEAD + sum(value.nbytes for value in example.values())
        if size <= self.room:
            self._kept[index] = example
            self.room -= size

    def unread_bytes(self, examples: int) -> int:
        """Return how many bytes more will be kept when each of so many examples was read, if all are alike."""
        if not self._kept:
            return 0
        size = (self._limit - self.room) // len(self._kept)
        return min((examples - len(self._kept)) * size, self.room)


def cache_bytes() -> int:
    """Return a quarter of the memory of this machine, or of the container or job that this process runs in."""
    known = [*_physical(), *_control_groups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))]
    return min(known) // _PARTS if known else _UNKNOWN


def _physical() -> Iterator[int]:
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # a system that does not say
        return


def _control_groups(table: Path, root: Path) -> Iterator[int]:
    """Yield the limits of the groups that a process is in, and of those around them."""
    try:
        groups = [line.split(":", 2)[1:] for line in table.read_text().splitlines()]
    except OSError:
        return
    for controllers, path in groups:
        if controllers in ("", "memory"):
            name = "memory.limit_in_bytes" if controllers else "memory.max"
            inner = Path(path.lstrip("/"))
            yield from _limits(root / controllers / folder / name for folder in (inner, *inner.parents))


def _limits(files: Iterator[Path]) -> Iterator[int]:
    for file in files:
        try:
            yield int(file.read_text())
        except (OSError, ValueError):  # not there, or "max"
            continue
