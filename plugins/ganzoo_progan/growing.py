"""The layers that grow: their level is a variable, so that checkpoints and exports have it, on the host."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

from ganzoo import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganzoo import Tensor

_SLOPE = 0.2


class _Growing(keras.layers.Layer):
    """Has a level from 0 to `doublings`; between whole numbers, the higher one is being faded in."""

    def __init__(self, start: int, doublings: int, channels: int, widths: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.start, self.doublings, self.channels, self.widths = start, doublings, channels, list(widths)

    def add_level(self) -> None:
        """Create the variable, at the highest level."""
        full = keras.initializers.Constant(self.doublings)
        with keras.device("cpu"):  # read at each call, which must not wait for a GPU
            self._level = self.add_weight(name="level", shape=(), initializer=full, trainable=False, autocast=False)

    @property
    def level(self) -> float:
        """The level in use."""
        return float(self._level.value)

    def set_level(self, level: float) -> None:
        """Change the level."""
        self._level.value.data.fill_(level)

    def get_config(self) -> dict[str, Any]:
        own = {"start": self.start, "doublings": self.doublings, "channels": self.channels, "widths": self.widths}
        return {**super().get_config(), **own}

    def _convolution(self, filters: int, inputs: int, size: int, name: str, gain: float = math.sqrt(2)) -> keras.Layer:
        layer = layers.EqualizedConv2D(filters, size, gain=gain, padding="same", name=name, dtype=self.dtype_policy)
        layer.build((None, None, None, inputs))
        return layer


@keras.saving.register_keras_serializable(package="ganzoo_progan")
class GrowingGenerator(_Growing):
    """Latents (n, width) to images (n, side, side, channels)."""

    per_sample = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        first = self.widths[0]
        # the gain makes up for the 4 x 4 places, as in the authors' code; the bias is one for each channel
        self.dense = layers.EqualizedDense(
            self.start**2 * first, gain=math.sqrt(2) / 4, use_bias=False, name="dense", dtype=self.dtype_policy
        )
        self.dense.build(input_shape)
        self.bias = self.add_weight(name="bias", shape=(first,), initializer="zeros")
        self.first = self._convolution(first, first, 3, "first")
        self.pairs = [
            (self._convolution(width, before, 3, f"up_{number}"), self._convolution(width, width, 3, f"again_{number}"))
            for number, (before, width) in enumerate(zip(self.widths, self.widths[1:], strict=False), start=1)
        ]
        self.to_image = [
            self._convolution(self.channels, width, 1, f"image_{number}", gain=1.0)
            for number, width in enumerate(self.widths)
        ]
        self.add_level()
        self.built = True

    def call(self, inputs: Tensor) -> Any:
        level = self.level
        top = math.ceil(level)
        flat = self.dense(_pixel_normalized(inputs))
        values = flat.reshape(-1, self.start, self.start, self.widths[0]) + self.bias.value.to(flat.dtype)
        values = _pixel_normalized(functional.leaky_relu(values, _SLOPE))
        values = self._activated(self.first, values)
        before = values
        for up, again in self.pairs[:top]:
            before = values
            values = self._activated(again, self._activated(up, _enlarged(values)))
        images = self.to_image[top](values)
        if level < top:
            lower = _enlarged(self.to_image[top - 1](before))
            images = lower + (level - (top - 1)) * (images - lower)
        return _enlarged(images, self.doublings - top)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        side = self.start << self.doublings
        return input_shape[0], side, side, self.channels

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def _activated(self, convolution: keras.Layer, values: Tensor) -> Tensor:
        return _pixel_normalized(functional.leaky_relu(convolution(values), _SLOPE))


@keras.saving.register_keras_serializable(package="ganzoo_progan")
class GrowingDiscriminator(_Growing):
    """Images (n, side, side, channels) to features (n, width)."""

    per_sample = True  # the deviation over groups separates batches by itself

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        first = self.widths[0]
        self.from_image = [
            self._convolution(width, self.channels, 1, f"image_{number}") for number, width in enumerate(self.widths)
        ]
        self.pairs = [
            (self._convolution(width, width, 3, f"same_{number}"), self._convolution(below, width, 3, f"down_{number}"))
            for number, (below, width) in enumerate(zip(self.widths, self.widths[1:], strict=False), start=1)
        ]
        self.deviation = layers.MinibatchStdDev(dtype=self.dtype_policy)
        self.deviation.build((None, self.start, self.start, first))
        self.last = self._convolution(first, first + 1, 3, "last")
        self.dense = layers.EqualizedDense(first, name="dense", dtype=self.dtype_policy)
        self.dense.build((None, self.start**2 * first))
        self.add_level()
        self.built = True

    def call(self, inputs: Tensor) -> Any:
        level = self.level
        top = math.ceil(level)
        images = _averaged(inputs, self.doublings - top)
        values = _leaky(self.from_image[top](images))
        for number in range(top, 0, -1):
            same, down = self.pairs[number - 1]
            values = _averaged(_leaky(down(_leaky(same(values)))))
            if number == top and level < top:
                lower = _leaky(self.from_image[top - 1](_averaged(images)))
                values = lower + (level - (top - 1)) * (values - lower)
        values = _leaky(self.last(self.deviation(values)))
        return _leaky(self.dense(values.flatten(1)))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], self.widths[0]

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)


def faded(images: Tensor, level: float, doublings: int) -> Tensor:
    """Return images of the full side as a generator of this level makes them."""
    top = math.ceil(level)
    small = _averaged(images, doublings - top)
    if level < top:
        lower = _enlarged(_averaged(small))
        small = lower + (level - (top - 1)) * (small - lower)
    return _enlarged(small, doublings - top)


def _pixel_normalized(values: Tensor) -> Tensor:
    return values * torch.rsqrt(values.square().mean(dim=-1, keepdim=True) + 1e-8)


def _leaky(values: Tensor) -> Tensor:
    return functional.leaky_relu(values, _SLOPE)


def _enlarged(images: Tensor, times: int = 1) -> Tensor:
    return images.repeat_interleave(1 << times, dim=1).repeat_interleave(1 << times, dim=2) if times else images


def _averaged(images: Tensor, times: int = 1) -> Tensor:
    if not times:
        return images
    return functional.avg_pool2d(images.movedim(-1, 1), 1 << times).movedim(1, -1)
