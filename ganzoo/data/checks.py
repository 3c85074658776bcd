"""Cheap checks of each example and row that is read: what datasets and tasks promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ganzoo.contracts.field import Field

#: torch has the other kinds in part, or not at all.
_KINDS = "biuf"


def example_mistake(example: object, fields: Mapping[str, Field]) -> str | None:
    """Return how an example breaks the promise of its source's fields, if it does."""
    if not isinstance(example, Mapping):
        return f"is {type(example).__name__}, expected a mapping from field names to arrays"
    for name, field in fields.items():
        if name not in example:
            return f"lacks the field '{name}' that its source promises; it has {', '.join(map(str, example)) or 'none'}"
        value = example[name]
        if not isinstance(value, np.ndarray | np.generic):
            return f"field '{name}' is {type(value).__name__}, expected a numpy array: {field}"
        if value.dtype != field.dtype or not field.accepts(value.shape):
            return f"field '{name}' is {_text(value)}, but its source promises {field}"
    return None


def prepared_mistake(row: object) -> str | None:
    """Return how a row cannot become part of a batch, if it cannot."""
    if not isinstance(row, Mapping):
        return f"prepare() returned {type(row).__name__}, expected a mapping from names to numpy arrays"
    if not row:
        return "prepare() returned no array, expected one at least"
    for name, value in row.items():
        if not isinstance(value, np.ndarray | np.generic):
            return f"prepare() returned '{name}' as {type(value).__name__}, expected a numpy array"
        if value.dtype == np.float64:
            return f"prepare() returned '{name}' as {_text(value)}, expected float32: networks compute in float32"
        if value.dtype.kind not in _KINDS or value.dtype.itemsize > 8:
            return f"prepare() returned '{name}' as {_text(value)}, expected numbers that torch has, as float32"
    return None


def row_mistake(row: Mapping[str, Any], first: Mapping[str, Any]) -> str | None:
    """Return how a row differs in layout from the first of its batch, if it does."""
    if row.keys() != first.keys():
        return f"prepare() returned {', '.join(sorted(row))}, but {', '.join(sorted(first))}"
    for name, value in row.items():
        if value.shape != first[name].shape or value.dtype != first[name].dtype:
            return f"prepare() returned '{name}' as {_text(value)}, but {_text(first[name])}"
    return None


def _text(value: Any) -> str:
    return str(Field(shape=value.shape, dtype=str(value.dtype)))
