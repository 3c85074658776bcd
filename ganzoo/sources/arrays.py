"""Examples that are held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.field import Field
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_INT32 = np.iinfo(np.int32)
_GREY_AXES = 2


class Arrays(Source):
    """Rows of equally long arrays by field."""

    def __init__(self, columns: Mapping[str, Array], fields: Mapping[str, Field]) -> None:
        self._columns = dict(columns)
        self.fields = dict(fields)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, index: int) -> dict[str, Array]:
        return {name: values[index] for name, values in self._columns.items()}

    def column(self, name: str) -> Array:
        return self._columns[name]

    def fingerprint(self) -> str:
        hashes = {name: hashlib.sha256(np.ascontiguousarray(values).data) for name, values in self._columns.items()}
        return " ".join(f"{name} {found.hexdigest()}" for name, found in hashes.items())


def from_arrays(arrays: Any, *, fields: Mapping[str, Field] | None = None) -> Arrays:
    """Return arrays with one row for each example as a source: a dict by field, or one array, the field `image`.

    uint8 rows of two axes are grey images and get an axis of one channel. The fingerprint, by which a run notices other
    data when it resumes, is a hash of all values. DataError for other arrays, and for `fields` that do not fit.
    """
    given = arrays if isinstance(arrays, Mapping) else {"image": arrays}
    columns = {str(name): as_column(values, str(name)) for name, values in given.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        told = ", ".join(f"'{name}' has {length}" for name, length in lengths.items()) or "there are none"
        raise DataError(f"arrays need the same number of rows, one at least; {told}")
    found = {**{name: field_of(values) for name, values in columns.items()}, **stated(fields, columns)}
    for name, field in found.items():
        values = columns[name]
        if not field.accepts(values.shape[1:]) or values.dtype != field.dtype or not _is_within(values, field):
            limits = f" from {values.min():g} to {values.max():g}" if values.size else ""
            raise DataError(f"'{name}' is said to be {field}, but its rows are {field_of(values)}{limits}")
    return Arrays(columns, found)


def field_of(column: Any) -> Field:
    """Return the field of an array of examples: of its rows, with the range where that says something.

    uint8 rows are images with values 0 ... 255; whole numbers alone are classes unless some are negative.
    """
    shape = tuple(column.shape[1:])
    if column.dtype == np.uint8 and shape:
        return Field(shape=shape, dtype="uint8", low=0, high=255)
    if column.dtype.kind in "biu" and not shape:
        values = column[...]
        is_class = values.min(initial=0) >= 0
        return Field(shape=(), dtype="int32", low=0, high=int(values.max(initial=0))) if is_class else _ANY_INTEGER
    return Field(shape=shape, dtype="float32" if column.dtype.kind == "f" else "int32")


_ANY_INTEGER = Field(shape=(), dtype="int32")


def as_column(values: Any, name: str) -> Array:
    """Return an array of examples in one of the types of fields; DataError where that is impossible."""
    column = np.asarray(values)
    if column.dtype.kind not in "biuf":
        raise DataError(f"'{name}' is an array of {column.dtype}, expected numbers")
    if column.ndim == 0:
        raise DataError(f"'{name}' is a single number, expected one row for each example")
    if column.dtype == np.uint8 and column.ndim == 1 + _GREY_AXES:
        return column[..., None]
    if column.dtype == np.uint8 and column.ndim > 1:
        return column
    if column.dtype.kind == "f":
        return column.astype(np.float32, copy=False)
    if column.size and not (_INT32.min <= column.min() and column.max() <= _INT32.max):
        raise DataError(f"'{name}' has numbers of more than 32 bits, from {column.min()} to {column.max()}")
    return column.astype(np.int32, copy=False)


def stated(fields: Mapping[str, Field] | None, known: Mapping[str, Any]) -> Mapping[str, Field]:
    """Return the fields that the user states; DataError for those that no example has."""
    for name in fields or {}:
        if name not in known:
            raise DataError(f"fields: there is no '{name}'; the examples have {', '.join(known) or 'nothing'}")
    return fields or {}


def _is_within(values: Array, field: Field) -> bool:
    low, high = field.low, field.high
    return (low is None or bool((values >= low).all())) and (high is None or bool((values <= high).all()))
