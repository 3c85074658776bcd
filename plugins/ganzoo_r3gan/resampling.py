"""Doubling and halving of feature maps with the filter [1, 3, 3, 1].

The authors' settings name the filter [1, 2, 1]; their code convolves it with [1, 1], so that maps are not shifted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from ganzoo import Tensor


@keras.saving.register_keras_serializable(package="ganzoo_r3gan")
class FilteredUpsampling(keras.layers.Layer):
    """Doubles the sides of (n, h, w, c): zeros between the values, then the filter [1, 3, 3, 1] / 4 along both axes.

    This is bilinear, with zeros around the map.
    """

    per_sample = True

    def call(self, inputs: Tensor) -> Tensor:
        planes, channels = inputs.permute(0, 3, 1, 2), inputs.shape[-1]
        kernel = 4 * _kernel(inputs)
        doubled = functional.conv_transpose2d(planes, kernel, stride=2, padding=1, groups=channels)
        return doubled.permute(0, 2, 3, 1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the same with Keras' layers."""
        padded = keras.layers.ZeroPadding2D(1)(inputs)
        return keras.layers.Cropping2D(2)(keras.layers.UpSampling2D(2, interpolation="bilinear")(padded))


@keras.saving.register_keras_serializable(package="ganzoo_r3gan")
class FilteredDownsampling(keras.layers.Layer):
    """Halves the sides of (n, h, w, c): the filter [1, 3, 3, 1] / 8 along both axes, then every second value."""

    per_sample = True

    def call(self, inputs: Tensor) -> Tensor:
        planes, channels = inputs.permute(0, 3, 1, 2), inputs.shape[-1]
        halved = functional.conv2d(planes, _kernel(inputs), stride=2, padding=1, groups=channels)
        return halved.permute(0, 2, 3, 1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return batch, height and height // 2, width and width // 2, channels


def _kernel(inputs: Tensor) -> Tensor:
    """Return the filter along both axes, for each channel (c, 1, 4, 4)."""
    # filled where the values are: a copy of four numbers to a GPU would take longer
    row = inputs.new_full((4,), 3 / 8)
    row[::3] = 1 / 8
    return torch.outer(row, row).expand(inputs.shape[-1], 1, 4, 4)
