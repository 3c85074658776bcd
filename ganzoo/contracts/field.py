"""Descriptions of named arrays, by which data, tasks and architectures agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import EllipsisType


@dataclass(frozen=True, kw_only=True)
class Field:
    """Shape (without the batch axis), dtype and value range of one named array.

    In a shape, None is a side that varies, and `...` in the first place any number of axes. Images are channels last.
    Class labels are int32 scalars with `low = 0` and `high = classes - 1`. `names` are the names of the values of an
    integer field: class names, or the words of a vocabulary, in the order of their numbers.
    """

    shape: tuple[int | EllipsisType | None, ...]
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        """Return how many classes an integer field has; ValueError when its range is not stated."""
        if self.high is None or not self.dtype.startswith("int"):
            raise ValueError(f"{self} has no classes: an integer field with a stated range was expected")
        return int(self.high) + 1

    @property
    def sides(self) -> tuple[int, ...]:
        """Return the shape as numbers; ValueError when it is not fixed."""
        fixed = tuple(side for side in self.shape if isinstance(side, int))
        if len(fixed) != len(self.shape):
            raise ValueError(f"{self} has no fixed shape")
        return fixed

    def accepts(self, shape: Sequence[int | None]) -> bool:
        """Return whether an array of this shape (without the batch axis) is what the field describes."""
        wanted, given = list(self.shape), list(shape)
        if wanted[:1] == [...]:
            wanted = wanted[1:]
            given = given[max(len(given) - len(wanted), 0) :]
        return len(given) == len(wanted) and all(
            side is None or mine is None or side == mine for side, mine in zip(wanted, given, strict=True)
        )

    def __str__(self) -> str:
        shape = "x".join("?" if side is None else "..." if side is ... else str(side) for side in self.shape)
        limits = "" if self.low is None or self.high is None else f" in [{self.low:g}, {self.high:g}]"
        return f"{shape or 'scalar'} {self.dtype}{limits}"


#: Logits of a discriminator: one number per sample, or a map of them; the architecture decides.
LOGITS = Field(shape=(..., 1))


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The inputs and outputs of a network, by name.

    A network with one input is called with a tensor, with several by a dict; the same holds for what it returns. An
    output called `features` is the flat activation before a discriminator's logits, `features/NAME` the output
    of its layer NAME.
    """

    inputs: Mapping[str, Field]
    outputs: Mapping[str, Field]

    def with_outputs(self, **fields: Field) -> Signature:
        """Return the same signature with these outputs added."""
        return replace(self, outputs={**self.outputs, **fields})
