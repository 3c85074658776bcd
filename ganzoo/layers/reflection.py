"""Padding by reflection."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

from ganzoo.layers.memory import channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class ReflectionPadding2D(keras.layers.Layer):
    """Reflects images at their border: (n, h, w, c) -> (n, h + 2 padding, w + 2 padding, c).

    The outermost pixel is the mirror and is not repeated: 1 2 3 becomes 2 1 2 3 2 with a padding of 1. The same bits
    again on every device, in both directions; torch's own derivative on a GPU is not. ValueError for images with sides
    of at most `padding`.
    """

    def __init__(self, padding: int = 1, **options: Any) -> None:
        super().__init__(**options)
        if padding < 1:
            raise ValueError(f"needs a padding of at least 1, received {padding}")
        self.padding = padding

    def call(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[1:3]
        if min(height, width) <= self.padding:
            raise ValueError(f"needs sides of {self.padding + 1} or more to reflect, received {height} x {width}")
        images = channels_first(inputs)
        if torch.is_grad_enabled() and images.requires_grad:
            padded: Tensor = _Reflection.apply(images, self.padding)  # type: ignore[no-untyped-call]
        else:  # an operation that export knows
            padded = _reflected(images, self.padding)
        return channels_last(padded)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, *sides, channels = input_shape
        height, width = (None if side is None else side + 2 * self.padding for side in sides)
        return batch, height, width, channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return `keras.ops.pad` with reflection."""
        sides = (self.padding, self.padding)
        return keras.ops.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="reflect")


class _Reflection(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, padding: int) -> Tensor:
        ctx.padding = padding
        return _reflected(images, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Folding.apply(gradient, ctx.padding), None  # type: ignore[no-untyped-call]


class _Folding(torch.autograd.Function):
    """The derivative of reflection, whose derivative is reflection."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, padding: int) -> Tensor:
        ctx.padding = padding
        return _folded(padded, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Reflection.apply(gradient, ctx.padding), None  # type: ignore[no-untyped-call]


def _reflected(images: Tensor, padding: int) -> Tensor:
    return functional.pad(images, (padding, padding, padding, padding), mode="reflect")


def _folded(padded: Tensor, padding: int) -> Tensor:
    """Add what lies outside to the pixels that it is a reflection of."""
    parts = product(*(_parts(length, padding) for length in padded.shape[2:]))
    (_, rows, _), (_, columns, _) = next(parts)
    folded = padded[:, :, rows, columns].contiguous(memory_format=torch.channels_last)
    for (to_rows, rows, mirrored_rows), (to_columns, columns, mirrored_columns) in parts:
        mirrored = [axis for axis, is_so in ((2, mirrored_rows), (3, mirrored_columns)) if is_so]
        folded[:, :, to_rows, to_columns] += padded[:, :, rows, columns].flip(mirrored)
    return folded


def _parts(length: int, padding: int) -> Iterator[tuple[slice, slice, bool]]:
    """Yield where each part of a padded side belongs, where it lies, and whether it is mirrored; the middle first."""
    side = length - 2 * padding
    yield slice(0, side), slice(padding, padding + side), False
    yield slice(1, padding + 1), slice(0, padding), True
    yield slice(side - 1 - padding, side - 1), slice(length - padding, length), True
