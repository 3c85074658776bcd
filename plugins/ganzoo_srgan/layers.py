"""The layers that SRGAN's networks are made of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from ganzoo import layers

#: Keys' cubic with this parameter is what Pillow and MATLAB call bicubic; torch's own has -0.75.
_CUBIC = -0.5


def convolution(filters: int, size: int = 3, *, strides: int = 1, initializer: str | None = None) -> keras.layers.Layer:
    """Return a convolution that keeps the size of the image (or divides it by the stride).

    Weights start uniform with variance 1 / (3 fan_in), as in the public PyTorch implementations: the paper is silent,
    and He's larger start makes residual blocks without batch normalization grow and train 1 dB worse.
    """
    kernel = initializer or keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(filters, size, strides=strides, padding="same", kernel_initializer=kernel)


def batch_normalization() -> keras.layers.Layer:
    """Return batch normalization with the momentum and epsilon that the published implementations have."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def prelu(values: keras.KerasTensor) -> keras.KerasTensor:
    """Apply a PReLU with one slope for each channel, which starts at 0.25."""
    return layers.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.25))(values)


def leaky_relu(name: str | None = None) -> keras.layers.Layer:
    """Return a LeakyReLU with the discriminator's slope, 0.2."""
    return layers.LeakyReLU(0.2, name=name)


def dense(units: int) -> keras.layers.Layer:
    """Return a fully connected layer."""
    return layers.Dense(units)


def pixel_shuffle(scale: int) -> keras.layers.Layer:
    """Return what turns channels into pixels; in the order that moves whole pixels in memory."""
    return layers.PixelShuffle(scale, order="keras")


@keras.saving.register_keras_serializable(package="ganzoo_srgan")
class BicubicEnlargement(keras.layers.Layer):
    """Enlarges images by a whole number as Pillow's BICUBIC does, up to rounding and the outermost pixels.

    Those see the border repeated. Fixed weights; a convolution along each axis, so that it is deterministic everywhere.
    """

    def __init__(self, scale: int, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale
        #: For each of the pixels that one becomes: the weights of the pixels around it, as plain numbers.
        self._phases = tuple(tuple(weights) for weights in cubic_taps(scale).T.tolist())

    def call(self, inputs: Any) -> Any:
        return self._along_width(ops.swapaxes(self._along_width(ops.swapaxes(inputs, 1, 2)), 1, 2))

    def _along_width(self, image: Any) -> Any:
        taps = len(self._phases[0])
        reach = taps // 2
        width = ops.shape(image)[2]
        padded = ops.concatenate([image[:, :, :1]] * reach + [image] + [image[:, :, -1:]] * reach, axis=2)
        shifted = [padded[:, :, tap : tap + width] for tap in range(taps)]
        phases = [
            sum(weight * part for weight, part in zip(weights, shifted, strict=True) if weight)
            for weights in self._phases
        ]
        batch, height, _, channels = ops.shape(image)
        return ops.reshape(ops.stack(phases, axis=3), (batch, height, width * self.scale, channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return batch, _times(height, self.scale), _times(width, self.scale), channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


def cubic_taps(scale: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the weights (5, scale) of the pixels at -2 ... 2 around a pixel for each of the pixels it becomes."""
    centres = (np.arange(scale) + 0.5) / scale - 0.5
    distance = np.abs(np.arange(-2, 3)[:, None] - centres[None])
    near = (_CUBIC + 2) * distance**3 - (_CUBIC + 3) * distance**2 + 1
    far = _CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def _times(side: int | None, scale: int) -> int | None:
    return None if side is None else side * scale
