"""Sources of examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.field import Field
    from ganzoo.contracts.tensor import Array, Example
    from ganzoo.errors import DataError


class Source(ABC):
    """Examples by index, in a stable order. Must survive pickling: worker processes get a copy.

    Without worker processes, examples are read in a thread, one at a time, while a step is computed: do not change
    warning filters, standard output or global random generators. Examples are read by index, so that the batch of any
    step can be built without the ones before it. Each example must match `fields`: ComponentError names the one that
    does not.
    """

    #: The fields of each example.
    fields: Mapping[str, Field]
    #: Names of bad examples that were left out: shown by `ganzoo check` and `ganzoo run`, kept in the manifest.
    skipped: Sequence[str] = ()
    #: What else a person should know of the data, a line each: shown by `ganzoo check` and `ganzoo run`.
    notes: Sequence[str] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of examples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Example:
        """Return example `index` (0 ... len - 1): arrays as `fields` promises. DataError naming the file if bad."""

    def column(self, name: str) -> Array:
        """Return one field of all examples, in order; override it where that needs no decoding of the rest."""
        import numpy as np

        return np.stack([self[index][name] for index in range(len(self))])

    def name_of(self, index: int) -> str:
        """Return the name of this example for messages: a file name where there is one."""
        return f"example {index}"

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        """Yield the shapes of each example's fields by name, in order, or the error that reading it will raise.

        Only what is known without decoding, as from the headers of files: all examples are looked at before the first
        step. Nothing by default.
        """
        return iter(())

    def order(self, epoch: int, seed: int) -> Callable[[range], Sequence[int]] | None:
        """Return the order of examples in one epoch; None for a random order.

        The order maps positions in the epoch to indices, each index once, such as by category or by shard. It is a pure
        function of its arguments.
        """
        return None

    def fingerprint(self) -> str:
        """Return a text that changes when the data change (files, sizes, order); it is stored with the run."""
        return f"{type(self).__name__}:{len(self)}"


class Dataset(Component, ABC):
    """Opens a source of examples."""

    kind = "dataset"

    @abstractmethod
    def open(self) -> Source:
        """Return the source; DataError with the remedy when it is missing, empty or unreadable. Never downloads."""
