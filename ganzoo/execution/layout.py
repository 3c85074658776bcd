"""Memory layout of optimizer state and gradients: walk through memory in one order at each update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable


def with_layout_of(model: Tensor, tensor: Tensor) -> Tensor:
    """Return a tensor of the same shape in the memory order of `model`: itself where it has that already."""
    return tensor if tensor.stride() == model.stride() else _with_strides(tensor, model.stride())


def flat_view(tensor: Tensor) -> Tensor:
    """Return a contiguous view of values as they follow each other in memory, for what does not ask for their order.

    What is contiguous already, and what has gaps or repetitions in memory, is returned as it is.
    """
    if tensor.is_contiguous():
        return tensor
    dense = tensor.permute(sorted(range(tensor.ndim), key=tensor.stride, reverse=True))
    return dense.view(-1) if dense.is_contiguous() else tensor


def align_optimizer_memory(state: Iterable[Variable], variables: Iterable[Variable]) -> None:
    """Lay out the state of a built optimizer (momenta, say) as the variables that it belongs to; values stay.

    Keras creates these contiguous; with another layout than kernel and gradient, each update of a large kernel would
    walk through memory in two orders at once. Where variables of one shape differ in layout, nothing is done.
    """
    strides: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for variable in variables:
        strides.setdefault(tuple(variable.shape), set()).add(variable.value.stride())
    for slot in state:
        found = strides.get(tuple(slot.shape), set())
        if len(found) == 1 and (wanted := next(iter(found))) != slot.value.stride():
            slot.value.data = _with_strides(slot.value.data, wanted)


def _with_strides(tensor: Tensor, strides: tuple[int, ...]) -> Tensor:
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=tensor.device).copy_(tensor)
