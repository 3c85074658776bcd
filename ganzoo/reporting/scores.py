"""Scores of a run, and whether those of two runs may be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganzoo.contracts.metric import Identity

_LONGEST = 200


@dataclass(frozen=True)
class StepScores:
    """The scores after `step` steps by row and name, None where one failed; `identity` by name where it is known."""

    step: int
    rows: Mapping[str, Mapping[str, float | None]]
    larger_is_better: Mapping[str, bool]
    examples: Mapping[str, int]
    identity: Mapping[str, Identity]

    def best(self, name: str) -> float | None:
        """Return the best value of one score over all rows; None where there is none."""
        values = [value for row in self.rows.values() if (value := row.get(name)) is not None]
        choose = max if self.larger_is_better.get(name) else min
        return choose(values, default=None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all scores in their order."""
        return tuple(dict.fromkeys(name for row in self.rows.values() for name in row))


def step_scores(record: Mapping[str, Any]) -> StepScores | None:
    """Return a stored record as scores; None when it is damaged."""
    try:
        rows = {
            _name(row): {_name(name): _value(value) for name, value in scores.items()}
            for row, scores in record["scores"].items()
        }
        identity = {
            _name(name): {_name(key): _plain(value) for key, value in fields.items()}
            for name, fields in record.get("identity", {}).items()
        }
        better = {_name(name): value is True for name, value in record["larger_is_better"].items()}
        examples = {_name(row): int(count) for row, count in record.get("examples", {}).items() if abs(count) < 2**53}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return StepScores(record["step"], rows, better, examples, identity)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is not a text")
    return value[:_LONGEST]


def _plain(value: Any) -> Any:
    """Return a text, number or truth value of an identity, and nothing longer than a line."""
    if isinstance(value, str):
        return value[:_LONGEST]
    is_small = isinstance(value, int) and abs(value) < 2**63
    if not (value is None or is_small or isinstance(value, float)):
        raise TypeError("an identity has a value that is neither a text nor a number")
    return value


def _value(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a score is not a number")
    return float(value) if math.isfinite(value) else None
