"""Whether a batch is two batches in one: what a layer must know that looks at more than one example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_parts = 1


@contextmanager
def in_halves() -> Iterator[None]:
    """Say that each batch that goes through a network meanwhile is two batches, one behind the other."""
    global _parts
    before, _parts = _parts, 2
    try:
        yield
    finally:
        _parts = before


def parts_of_batch() -> int:
    """Return how many batches of equal size are in one: 2 inside of `in_halves`, 1 elsewhere."""
    return _parts
