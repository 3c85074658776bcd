"""Curves of one line of text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*%#"


def sparkline(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """Return values as at most `width` signs, each the mean of as many neighbours: the lowest for the least mean."""
    count = min(width, len(values))
    edges = [round(index * len(values) / count) for index in range(count + 1)] if count else [0]
    means = [sum(values[first:last]) / (last - first) for first, last in itertools.pairwise(edges)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    signs = _ASCII if ascii_only else _BLOCKS
    if high == low:
        return signs[0] * count
    return "".join(signs[int((mean - low) / (high - low) * (len(signs) - 1) + 0.5)] for mean in means)
