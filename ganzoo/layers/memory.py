"""Memory layouts: Keras' shapes over the layout that torch's convolutions read without a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import keras

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


def applied(layer: keras.Layer, inputs: keras.KerasTensor, weights: Iterable[Any]) -> keras.KerasTensor:
    """Return what a new layer gives, with these weights."""
    outputs = layer(inputs)
    for variable, value in zip(layer.weights, weights, strict=True):
        variable.assign(value)
    return outputs


class KernelMemory(keras.layers.Layer):
    """Creates the kernel in Keras' shape, over the memory that torch reads without a copy."""

    def add_weight(self, *arguments: Any, **options: Any) -> Variable:
        if options.get("name") == "kernel" and getattr(self, "data_format", "channels_last") == "channels_last":
            options["initializer"] = kernel_initializer(options["initializer"])
        return super().add_weight(*arguments, **options)

    def kernel_in_use(self) -> Tensor:
        """Return the kernel that the layer multiplies with, in Keras' shape."""
        return as_tensor(self.kernel)
