"""Fields of what is compared."""

from __future__ import annotations

from ganzoo import Array, DataError, Example


def field_of(examples: Example, field: str, metric: str) -> Array:
    """Return one field; DataError naming the fields that there are when it is missing."""
    if field not in examples:
        raise DataError(f"{metric}: needs a field '{field}', there are {', '.join(examples) or '(none)'}")
    return examples[field]
