"""Two equal batches concatenated into one: what a layer must know that looks at more than one example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

_count = 1


@contextmanager
def concatenated_batch() -> Iterator[None]:
    """Treat each batch inside this block as two equal batches concatenated on axis 0."""
    global _count
    before, _count = _count, 2
    try:
        yield
    finally:
        _count = before


def num_batches() -> int:
    """Return how many equal batches one batch holds: 2 inside of `concatenated_batch`, 1 elsewhere."""
    return _count


def each_batch(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """Apply a function of a whole batch (its statistics, say) to each batch in `values`."""
    if num_batches() == 1:
        return function(values)
    import torch

    return torch.cat([function(batch) for batch in values.chunk(num_batches())])
