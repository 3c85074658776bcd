"""How tensors lie in memory: Keras' shapes over the memory that torch's convolutions want."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import keras
import torch

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable


def as_tensor(value: Any) -> Tensor:
    """Return the tensor of a variable, in the dtype that the layer computes in; tensors as they are."""
    tensor: Tensor = value.value if isinstance(value, keras.Variable) else value
    return tensor


def channels_first(images: Tensor) -> Tensor:
    """Return a view (n, c, h, w) of images (n, h, w, c): for torch, a tensor in channels_last memory."""
    return images.permute(0, 3, 1, 2)


def channels_last(images: Tensor) -> Tensor:
    """Return a view (n, h, w, c) of images (n, c, h, w)."""
    return images.permute(0, 2, 3, 1)


def torch_kernel(kernel: Tensor) -> Tensor:
    """Return a view (last, third, h, w) of a Keras kernel (h, w, third, last), as torch's convolutions take it."""
    return kernel.permute(3, 2, 0, 1)


def in_kernel_memory(kernel: Tensor) -> Tensor:
    """Return a kernel of the same shape over the memory that torch reads without a copy: outputs first.

    For convolutions (h, w, third, last) `torch_kernel` is then contiguous in channels_last memory, for fully connected
    layers (inputs, units) the transposed kernel is contiguous.
    """
    return kernel.movedim(-1, 0).contiguous().movedim(0, -1)


def kernel_initializer(initializer: Any) -> Callable[..., Tensor]:
    """Return an initializer with the same values, laid out as `in_kernel_memory` has it.

    A variable keeps the memory of its first value: assigning, loading and training all write in place.
    """
    draw = keras.initializers.get(initializer)

    def initialize(shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        return in_kernel_memory(keras.ops.convert_to_tensor(draw(shape, dtype=dtype)))

    return initialize


class KernelMemory(keras.layers.Layer):
    """Creates the kernel in Keras' shape, over the memory that torch reads without a copy."""

    def add_weight(self, *arguments: Any, **options: Any) -> Variable:
        if options.get("name") == "kernel" and getattr(self, "data_format", "channels_last") == "channels_last":
            options["initializer"] = kernel_initializer(options["initializer"])
        return super().add_weight(*arguments, **options)

    def kernel_in_use(self) -> Tensor:
        """Return what the layer multiplies with: the kernel, in the shape that Keras has it."""
        return as_tensor(self.kernel)


def in_memory_of(model: Tensor, tensor: Tensor) -> Tensor:
    """Return a tensor of the same shape in the memory order of `model`: itself where it has that already."""
    return tensor if tensor.stride() == model.stride() else _with_strides(tensor, model.stride())


def in_one_row(tensor: Tensor) -> Tensor:
    """Return a contiguous view of values as they follow each other in memory, for what does not ask for their order.

    What is contiguous already, and what has gaps or repetitions in memory, is returned as it is.
    """
    if tensor.is_contiguous():
        return tensor
    dense = tensor.permute(sorted(range(tensor.ndim), key=tensor.stride, reverse=True))
    return dense.view(-1) if dense.is_contiguous() else tensor


def align_optimizer_memory(optimizer: keras.optimizers.Optimizer, variables: Iterable[Variable]) -> None:
    """Lay out what a built optimizer keeps (momenta, say) as the variables that it belongs to; values stay.

    Keras creates these contiguous; with another layout than kernel and gradient, each update of a large kernel would
    walk through memory in two orders at once. Where variables of one shape differ in layout, nothing is done.
    """
    strides: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for variable in variables:
        strides.setdefault(tuple(variable.shape), set()).add(variable.value.stride())
    for slot in optimizer.variables:
        found = strides.get(tuple(slot.shape), set())
        if len(found) == 1 and (wanted := next(iter(found))) != slot.value.stride():
            slot.value.data = _with_strides(slot.value.data, wanted)


def _with_strides(tensor: Tensor, strides: tuple[int, ...]) -> Tensor:
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=tensor.device).copy_(tensor)
