"""One source, read epoch by epoch in its own order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from copy import copy

from ganzoo.blame import blaming
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.tensor import Example
from ganzoo.data.cache import Cache
from ganzoo.data.checks import example_mistake
from ganzoo.data.order import order
from ganzoo.errors import DataError
from ganzoo.randomness import derive_seed

#: The name of the only stream of most tasks.
SINGLE = "data"


class Stream:
    """An endless walk through a source: each epoch visits every example once, in another order.

    `what` is what messages call the dataset. DataError when the source is empty.
    """

    def __init__(self, name: str, source: Source, *, what: str, seed: int, cache: int) -> None:
        self.name = name
        self.source = source
        self.what = what
        # partners of different streams must change every epoch, so each has its own seed
        self._seed = seed if name == SINGLE else derive_seed(seed, f"stream/{name}")
        self._cache = Cache(cache)
        with blaming(source, f"the number of examples in {what}"):
            self.examples = len(source)
        if self.examples < 1:
            raise DataError(f"{what} has no examples")

    def places(self, first: int, count: int) -> list[tuple[int, int]]:
        """Return (epoch, index of the example) for each of `count` rows from row `first` on."""
        end, found = first + count, list[tuple[int, int]]()
        while first < end:
            epoch, offset = divmod(first, self.examples)
            size = min(end - first, self.examples - offset)
            found += [(epoch, index) for index in self._order(epoch, range(offset, offset + size))]
            first += size
        return found

    def _order(self, epoch: int, offsets: range) -> Sequence[int]:
        with blaming(self.source, f"the order of {self.what}"):
            own = self.source.order(epoch, self._seed)
            return order(self._seed, epoch, self.examples).at(offsets) if own is None else own(offsets)

    def example(self, index: int) -> tuple[Example, str | None]:
        """Return an example, and how it breaks the promise of the source's fields, if it does."""
        if (kept := self._cache.kept(index)) is not None:
            return kept, None
        example = self.source[index]
        mistake = example_mistake(example, self.source.fields)
        if mistake is None:
            self._cache.keep(index, example)
        return example, mistake

    def unread_bytes(self) -> int:
        """Return how many bytes more the examples will take that are kept once they were read."""
        return self._cache.unread_bytes(self.examples)

    def name_of(self, index: int) -> str:
        """Return the name of an example for messages, also if the source fails to give one."""
        with suppress(Exception):
            return str(self.source.name_of(index))
        return f"example {index}"

    def shared_among(self, processes: int) -> Stream:
        """Return the same stream for one of so many processes, with its part of the memory and nothing in it."""
        part = copy(self)
        part._cache = Cache(self._cache.room // processes)
        return part
