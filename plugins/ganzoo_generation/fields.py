"""Which fields of data can be generated."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import DataError, Field


def sample_field(name: str, fields: Mapping[str, Field]) -> Field:
    """Return what networks see of field `name`: images in [-1, 1], points as they are; DataError if it is neither."""
    if name not in fields:
        offered = ", ".join(f"'{known}' ({field})" for known, field in fields.items()) or "(none)"
        raise DataError(f"the data have no field '{name}' to generate; set task.field to one of: {offered}")
    field = fields[name]
    if None not in field.shape:
        if field.dtype == "uint8" and len(field.shape) == 3 and field.shape[-1] in (1, 3):
            return Field(shape=field.shape, low=-1, high=1)
        if field.dtype.startswith("float") and len(field.shape) == 1 and field.shape[0] != 1:
            return Field(shape=field.shape, low=field.low, high=field.high)
    raise DataError(
        f"field '{name}' is {field}; generation needs images of one size (uint8, height x width x 1 or 3) "
        "or points (floats, 2 or more values)"
    )
