"""What a batch must hold, told to whoever trains a model with batches of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import numpy as np

from ganzoo.contracts.field import Field
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import RowContext, Task
from ganzoo.contracts.tensor import Example
from ganzoo.errors import ComponentError, DataError, listing

_MAKES = "ganzoo.batches(recipe, data) makes such batches"
#: Of a side that varies: more than the crops of tasks.
_SIDE = 512


@contextmanager
def explaining_batch(batch: object, task: Task, fields: Mapping[str, Field], fitted: Example) -> Iterator[None]:
    """Turn the error for a batch that is not a dict, or lacks a key of the task, into a DataError with the needs."""
    if not isinstance(batch, Mapping):
        needs = _text(batch_needs(task, fields, fitted))
        raise DataError(f"a batch is {type(batch).__name__}, expected a dict{needs}; {_MAKES}")
    try:
        yield
    except (KeyError, ComponentError) as error:
        original = error.original if isinstance(error, ComponentError) else error
        needs_ = batch_needs(task, fields, fitted) if isinstance(original, KeyError) else {}
        missing = [name for name in needs_ if name not in batch]
        if not missing:
            raise
        raise DataError(
            f"the batch lacks {listing(missing)}, it has {listing(map(str, batch))}; expected a dict{_text(needs_)}; "
            f"{_MAKES}"
        ) from error


def batch_needs(task: Task, fields: Mapping[str, Field], fitted: Example) -> dict[str, Field]:
    """Return the arrays of one row of a batch, as the task prepares it from an example of zeros; none if it does not.

    Those of several streams are named `stream/name`.
    """
    found: dict[str, Field] = {}
    for stream in task.streams:
        prefix = f"{stream}/" if len(task.streams) > 1 else ""
        mine = {name.removeprefix(prefix): field for name, field in fields.items() if name.startswith(prefix)}
        blank = {name: np.zeros([_side(side) for side in each.shape], each.dtype) for name, each in mine.items()}
        context = RowContext(step=Step(number=0), rng=np.random.default_rng(0), stream=stream, fitted=fitted)
        with suppress(Exception):  # a message must not fail for an example that the task cannot use
            row = task.prepare(blank, context)
            found |= {f"{prefix}{name}": Field(shape=each.shape, dtype=str(each.dtype)) for name, each in row.items()}
    return found


def _side(side: object) -> int:
    return side if isinstance(side, int) else _SIDE


def _text(needs: Mapping[str, Field]) -> str:
    named = ", ".join(f"'{name}' (rows of {field})" for name, field in needs.items())
    return f" with {named}" if named else " of tensors by name"
