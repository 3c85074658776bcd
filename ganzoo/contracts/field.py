"""What a named array looks like: the language in which data, tasks and architectures agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Field:
    """Shape (without the batch axis; None where it varies), dtype and value range of one named array.

    Images are channels last. Class labels are int32 scalars with `low = 0` and `high = classes - 1`.
    """

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None

    @property
    def num_classes(self) -> int:
        """Return how many classes an integer field has; ValueError when its range is not stated."""
        if self.high is None or not self.dtype.startswith("int"):
            raise ValueError(f"{self} has no classes: an integer field with a stated range was expected")
        return int(self.high) + 1

    def __str__(self) -> str:
        shape = "x".join("?" if side is None else str(side) for side in self.shape) or "scalar"
        limits = "" if self.low is None or self.high is None else f" in [{self.low:g}, {self.high:g}]"
        return f"{shape} {self.dtype}{limits}"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a network takes and gives, by name.

    A network with one input is called with a tensor, with several by a dict; the same holds for what it returns.
    """

    inputs: Mapping[str, Field]
    outputs: Mapping[str, Field]
