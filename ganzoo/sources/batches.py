"""Examples of Keras' data sets, which give batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.errors import DataError
from ganzoo.sources.arrays import Arrays, as_column, from_arrays
from ganzoo.sources.dataset import check_indexable
from ganzoo.sources.examples import named

if TYPE_CHECKING:
    from ganzoo.contracts.field import Field


def from_batches(
    dataset: Any, *, names: Sequence[str] = ("image", "label"), fields: Mapping[str, Field] | None = None
) -> Arrays:
    """Return the examples of a `keras.utils.PyDataset`, which gives batches by index, as a source.

    All batches are read once, here, and their rows kept in memory: what is random in them is the same for the whole
    run, and a process that reads them again has other data. Dicts keep their names, parts of tuples get `names`.
    DataError for what is read from its start only, and for batches that are unlike the first.
    """
    check_indexable(dataset)
    batches = [named(dataset[index], names) for index in range(len(dataset))]
    columns: dict[str, list[Any]] = {}
    for index, batch in enumerate(batches):
        if batch.keys() != batches[0].keys():
            raise DataError(f"batch {index} has {', '.join(batch)}, but the first {', '.join(batches[0])}")
        for name, values in batch.items():
            columns.setdefault(name, []).append(as_column(values, name))
    try:
        return from_arrays({name: np.concatenate(parts) for name, parts in columns.items()}, fields=fields)
    except ValueError as error:
        raise DataError(f"batches do not fit together: {error}") from error
