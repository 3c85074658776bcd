"""A part of a source with the same number of examples of each class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganzoo.contracts.dataset import Source
from ganzoo.errors import DataError
from ganzoo.randomness import numpy_generator

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Example


class PerClass(Source):
    """The examples of another source at these places."""

    def __init__(self, source: Source, places: Sequence[int], about: str) -> None:
        self._source, self._places, self._about = source, list(places), about
        self.fields = source.fields
        self.skipped, self.notes = source.skipped, source.notes

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        return self._source[self._places[index]]

    def column(self, name: str) -> Array:
        return self._source.column(name)[self._places]

    def name_of(self, index: int) -> str:
        return self._source.name_of(self._places[index])

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        chosen = set(self._places)
        return (header for place, header in enumerate(self._source.headers()) if place in chosen)

    def order(self, epoch: int, seed: int) -> Callable[[range], Sequence[int]] | None:
        return None

    def fingerprint(self) -> str:
        return f"{self._about} of {self._source.fingerprint()}"


def per_class(source: Source, count: int, *, seed: int = 0) -> Source:
    """Return `count` examples of each class, chosen by `seed`; the classes are those of the field `label`.

    With another seed others are chosen: the labelled examples of a semi-supervised run, or a small data set. DataError
    when there are no labels, or too few examples of a class.
    """
    field = source.fields.get("label")
    if field is None or field.shape != () or field.high is None:
        raise DataError(f"per_class needs class labels in field 'label'; it is {field}")
    labels = source.column("label")
    places: list[int] = []
    for label in range(field.num_classes):
        mine = np.flatnonzero(labels == label)
        if len(mine) < count:
            name = field.names[label] if field.names else label
            raise DataError(f"per_class = {count}: there are {len(mine)} examples of class {name}")
        chosen = numpy_generator(seed, f"per_class/{label}").permutation(mine)[:count]
        places += sorted(int(place) for place in chosen)
    return PerClass(source, places, f"{count} of each class by seed {seed}")
