"""Finds the arrays and log lines in which two runs differ, and the likely cause."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.contracts.tensor import Array

_OWN_GENERATOR = (
    "two runs that nobody killed differ: likely a component draws randomness from a separate generator, not from the "
    "rng that it is given, or depends on the time or on what the process did before"
)
_HIDDEN_STATE = (
    "a run that was resumed differs from one that was not killed: likely a component keeps state outside state(), as a "
    "Python attribute or a global variable; what changes during training must be a keras.Variable that state() returns"
)
_MEASURED = (
    "the states are equal and what was written about them is not: likely a metric, a picture or evaluate() of the task "
    "draws randomness from a separate generator, or keeps state"
)


def explain(reference: Path, other: Path, differing: Sequence[str], *, undisturbed: bool) -> list[str]:
    """Return what differs first and why that may be, one line each."""
    arrays = list(_array_lines(reference, other, differing))
    logged = _first_line(reference / "metrics.jsonl", other / "metrics.jsonl")
    if not arrays and logged is None:
        return [_MEASURED]
    return [*arrays, *([logged] if logged else []), _OWN_GENERATOR if undisturbed else _HIDDEN_STATE]


def _array_lines(reference: Path, other: Path, differing: Sequence[str]) -> Iterator[str]:
    """Yield one line for the oldest checkpoint that both have and that differs."""
    for path in (path for path in differing if path.endswith("state.npz")):
        mine, theirs = _arrays(reference / path), _arrays(other / path)
        lines = [line for name in mine if (line := _difference(name, mine[name], theirs.get(name)))]
        if lines and theirs:
            yield f"{path}: {len(lines)} of {len(mine)} arrays differ: {'; '.join(lines[:3])}"
            return


def _arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a checkpoint; none when it is not there or cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}


def _difference(name: str, one: Array, two: Array | None) -> str | None:
    if two is None or one.shape != two.shape:
        return f"{name} is there once, or of another shape"
    if one.tobytes() == two.tobytes():
        return None
    return f"{name} by up to {np.abs(one.astype(np.float64) - two.astype(np.float64)).max():.3g}"


def _first_line(reference: Path, other: Path) -> str | None:
    """Return a line about the first step whose logged losses differ."""
    for one, two in zip(_records(reference), _records(other), strict=False):
        keys = [key for key in one if one[key] != two.get(key)]
        if keys:
            return f"metrics.jsonl: first at step {one.get('step')}: {', '.join(keys[:4])}"
    return None


def _records(path: Path) -> list[Mapping[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []
