"""Checks of datasets and the sources they open."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.testing.demands import demand, explained, first_difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ganzoo.contracts.dataset import Dataset, Source
    from ganzoo.contracts.field import Field
    from ganzoo.contracts.tensor import Example

_EXAMPLES = 16


def check_dataset(dataset: Dataset) -> None:
    """Check that the dataset opens the same source each time, and that the source keeps its contract."""
    cls = type(dataset)
    with explained(cls, "open()"):
        source, again = dataset.open(), dataset.open()
    check_source(source)
    demand(len(source) == len(again), cls, "open() must give as many examples each time")
    demand(source.fingerprint() == again.fingerprint(), cls, "fingerprint() must be stable")


def check_source(source: Source) -> None:
    """Check that examples are as the fields promise, the same each time, in every order, and in a copy."""
    cls = type(source)
    with explained(cls):
        size = len(source)
        demand(isinstance(source.fingerprint(), str), cls, "fingerprint() must return a text")
        twin = pickle.loads(pickle.dumps(source))  # noqa: S301
    demand(size > 0, cls, "must hold at least one example")
    indices = _spread(size)
    first = {index: _example(source, index) for index in indices}
    for index in reversed(indices):
        for text, other in (("whenever asked", source), ("after pickling", twin)):
            difference = first_difference(first[index], _example(other, index), f"example {index}")
            demand(difference is None, cls, f"example {index} must be the same {text}; {difference} differs")
        demand(isinstance(source.name_of(index), str), cls, f"name_of({index}) must return a text")
    demand(len(source) == size, cls, "the number of examples must not change")
    _check_headers(cls, source, first)


def _check_headers(cls: type[Any], source: Source, examples: Mapping[int, Example]) -> None:
    """Check that the shapes that are known without decoding are those of the examples, one set for each or none."""
    with explained(cls, "headers()"):
        headers = list(islice(source.headers(), len(source) + 1))
    demand(len(headers) in (0, len(source)), cls, "headers() must yield one item for each example, or none")
    for index, example in examples.items():
        header = headers[index] if headers else {}
        for name, shape in header.items() if isinstance(header, Mapping) else ():
            same = name in example and tuple(shape) == example[name].shape
            demand(same, cls, f"headers() says that '{name}' of example {index} is of shape {shape}, which it is not")


def _spread(size: int) -> list[int]:
    """Return indices from the first to the last example."""
    return sorted({round(place) for place in np.linspace(0, size - 1, min(size, _EXAMPLES))})


def _example(source: Source, index: int) -> Example:
    cls = type(source)
    with explained(cls, f"example {index} of {len(source)}"):
        example = source[index]
    demand(hasattr(example, "keys"), cls, f"example {index} must be a mapping, not {type(example).__name__}")
    _demand_fields(cls, example, source.fields, f"example {index}")
    return {name: np.array(value) for name, value in example.items()}


def _demand_fields(cls: type[Any], example: Example, fields: Mapping[str, Field], what: str) -> None:
    names: Iterable[str] = fields
    for name in names:
        field = fields[name]
        demand(name in example, cls, f"{what} lacks the field '{name}'")
        value = example[name]
        is_array = isinstance(value, np.ndarray | np.generic)
        demand(is_array, cls, f"{what}: field '{name}' must be a numpy array, not {type(value).__name__}")
        fits = field.accepts(value.shape)
        demand(fits, cls, f"{what}: field '{name}' is of shape {value.shape}, promised was {field}")
        demand(str(value.dtype) == field.dtype, cls, f"{what}: field '{name}' is {value.dtype}, promised was {field}")
        if field.low is not None and field.high is not None and value.size:
            inside = bool(value.min() >= field.low and value.max() <= field.high)
            demand(inside, cls, f"{what}: field '{name}' leaves its range: {field}")
