"""Examples of torch's map-style data sets, of Hugging Face's, and of lists: read one by one when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.field import Field
from ganzoo.errors import DataError
from ganzoo.sources.arrays import field_of, stated
from ganzoo.sources.examples import as_array, named

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: So many examples are looked at before a run, spread evenly.
_LOOKED_AT = 64
#: So many of them are read twice.
_READ_TWICE = 4


class Examples(Source):
    """The examples of a data set by index; the first use of one that is unlike those looked at is a DataError."""

    def __init__(
        self, dataset: Any, names: Sequence[str], fields: Mapping[str, Field], notes: Sequence[str], fingerprint: str
    ) -> None:
        self._dataset = dataset
        self._names = tuple(names)
        self._fingerprint = fingerprint
        self.fields = dict(fields)
        self.notes = tuple(notes)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> dict[str, Array]:
        found = arrays_of(self._dataset[index], self._names)
        return {name: _fitting(found.get(name), field, name, index) for name, field in self.fields.items()}

    def fingerprint(self) -> str:
        return self._fingerprint


def from_dataset(
    dataset: Any, *, names: Sequence[str] = ("image", "label"), fields: Mapping[str, Field] | None = None
) -> Source:
    """Return a data set that has a length and gives examples by index as a source.

    That is a map-style `Dataset` of torch, a `Dataset` of Hugging Face, or a list. Dicts keep their names, parts of
    tuples get `names`; pictures of Pillow, tensors, arrays and numbers are understood, texts left out. Images whose
    sizes differ among the 64 examples that are looked at have no size. Random transforms are refused: an example must
    be the same whenever it is read. The fingerprint is the data set's own where it has one (Hugging Face), else a hash
    of those 64 examples and the length. DataError for what is read from its start only.
    """
    check_indexable(dataset)
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _LOOKED_AT)).round().astype(int)).tolist()
    seen = [_read(dataset, index, names) for index in chosen]
    for index, example in zip(chosen[:_READ_TWICE], seen, strict=False):
        _check_same(example, _read(dataset, index, names), index)
    found = {name: _field(dataset, name, [example.get(name) for example in seen]) for name in seen[0]}
    if not found:
        raise DataError(f"{type(dataset).__name__}: its examples have no numbers and no pictures")
    left_out = [name for name in named(dataset[0], names) if name not in found]
    notes = [f"left out, as they are not numbers: {', '.join(left_out)}"] if left_out else []
    return Examples(dataset, names, {**found, **stated(fields, found)}, notes, _fingerprint(dataset, seen))


def check_indexable(dataset: Any) -> None:
    """DataError for what cannot be read by index, and for what is empty."""
    what = type(dataset).__name__
    is_stream = any(base.__name__ == "IterableDataset" for base in type(dataset).__mro__)
    if is_stream or not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise DataError(
            f"{what}: can be read from its start only, but a run that resumes needs examples by index; give a data set "
            "with a length and an index, or collect its examples in a list"
        )
    if len(dataset) < 1:
        raise DataError(f"{what}: has no examples")


def arrays_of(example: Any, names: Sequence[str]) -> dict[str, Array]:
    """Return the numbers and pictures of an example by name."""
    made = {name: as_array(part, name) for name, part in named(example, names).items()}
    return {name: array for name, array in made.items() if array is not None}


def _read(dataset: Any, index: int, names: Sequence[str]) -> dict[str, Array]:
    try:
        return arrays_of(dataset[index], names)
    except DataError as error:
        raise DataError(f"example {index}: {error}") from error


def _check_same(one: Mapping[str, Array], other: Mapping[str, Array], index: int) -> None:
    for name, array in one.items():
        if not np.array_equal(array, other.get(name, np.empty(0)), equal_nan=array.dtype.kind == "f"):
            raise DataError(
                f"example {index}: '{name}' differs each time it is read, so that no run could resume; leave random "
                "transforms out: tasks crop and flip by themselves"
            )


def _field(dataset: Any, name: str, seen: Sequence[Array | None]) -> Field:
    """Return what the examples that were looked at have in common; DataError when they do not fit together."""
    arrays = [array for array in seen if array is not None]
    first = arrays[0]
    shapes = {array.shape for array in arrays}
    if len(arrays) < len(seen) or any(array.dtype != first.dtype or array.ndim != first.ndim for array in arrays):
        raise DataError(f"'{name}' is not of one kind in all examples")
    if classes := _classes(dataset, name) if first.dtype == np.int32 and first.ndim == 0 else ():
        return Field(shape=(), dtype="int32", low=0, high=len(classes) - 1, names=classes)
    if first.ndim == 0:
        return Field(shape=(), dtype=str(first.dtype))
    sides = tuple(of_axis[0] if len(set(of_axis)) == 1 else None for of_axis in zip(*shapes, strict=True))
    field = field_of(first[None])
    if sides[-1] is None and {shape[-1] for shape in shapes} == {1, 3}:
        sides = (*sides[:-1], 3)  # grey pictures among coloured ones
    return Field(shape=sides, dtype=field.dtype, low=field.low, high=field.high)


def _classes(dataset: Any, name: str) -> tuple[str, ...]:
    """Return the names of classes where a data set has them: Hugging Face's by feature, torchvision's as `classes`."""
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping):
        found = getattr(features.get(name), "names", None)
    else:
        found = getattr(dataset, "classes", None)
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def _fitting(array: Array | None, field: Field, name: str, index: int) -> Array:
    """Return an array as its field promises it: grey pictures among coloured ones in colour."""
    if array is None:
        raise DataError(f"example {index}: has no '{name}'")
    if array.dtype == np.uint8 and array.shape[-1:] == (1,) and field.shape[-1:] == (3,):
        array = np.repeat(array, 3, axis=-1)
    if array.dtype != field.dtype or not field.accepts(array.shape):
        is_image = array.dtype == np.uint8
        limits = ", low=0, high=255" if is_image else ""
        wanted = tuple(None for _ in array.shape[:-1]) + array.shape[-1:] if is_image else array.shape
        raise DataError(
            f"example {index}: '{name}' is {field_of(array[None])}, but {field} in others; say what all "
            f"are, as fields={{'{name}': ganzoo.Field(shape={wanted}, dtype='{array.dtype}'{limits})}}"
        )
    return array


def _fingerprint(dataset: Any, seen: Sequence[Mapping[str, Array]]) -> str:
    own = getattr(dataset, "_fingerprint", None)
    if isinstance(own, str):
        return own
    found = hashlib.sha256()
    for array in (example[name] for example in seen for name in sorted(example)):
        found.update(array.tobytes())
    return f"{type(dataset).__name__} {len(dataset)} {found.hexdigest()}"
