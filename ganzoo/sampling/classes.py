"""Classes by number or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganzoo.errors import RecipeError, nearest

if TYPE_CHECKING:
    from ganzoo.contracts.field import Field


def class_index(field: Field, wanted: int | str, *, key: str = "label") -> int:
    """Return the number of a class given by number or by one of the field's `names`; RecipeError when there is none."""
    if isinstance(wanted, str) and wanted in field.names:
        return field.names.index(wanted)
    if isinstance(wanted, int) and 0 <= wanted < field.num_classes:
        return wanted
    if field.names:
        known = f"known are {', '.join(map(repr, field.names))}, or a number from 0 to {field.num_classes - 1}"
        raise RecipeError(f"{key}: there is no class {wanted!r}{nearest(str(wanted), field.names)}; {known}")
    raise RecipeError(f"{key}: there is no class {wanted!r}; expected a number from 0 to {field.num_classes - 1}")
