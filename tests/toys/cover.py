"""Rows of choices that cover every pair of two choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations


def pairwise(factors: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return rows, one choice of each factor, so that any two choices of different factors occur in one of them."""
    missing = {
        ((one, first), (other, second))
        for one, other in combinations(factors, 2)
        for first in factors[one]
        for second in factors[other]
    }
    rows = []
    while missing:
        row = dict(min(missing))
        for name in factors:
            if name not in row:
                covered = {choice: len(_pairs(factors, {**row, name: choice}) & missing) for choice in factors[name]}
                row[name] = max(covered, key=covered.__getitem__)
        missing -= _pairs(factors, row)
        rows.append(row)
    return rows


def each_choice(rows: Sequence[Mapping[str, str]], *, times: int) -> set[int]:
    """Return the places of some of the rows, in which each choice occurs at least so often, or as often as in all."""
    counts: Counter[tuple[str, str]] = Counter()
    kept = set()
    for place, row in enumerate(rows):
        if any(counts[choice] < times for choice in row.items()):
            kept.add(place)
            counts.update(row.items())
    return kept


def _pairs(
    factors: Mapping[str, Sequence[str]], row: Mapping[str, str]
) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return set(combinations([(name, row[name]) for name in factors if name in row], 2))
