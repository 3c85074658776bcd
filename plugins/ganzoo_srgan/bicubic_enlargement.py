"""Bicubic interpolation as a layer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

#: Keys' cubic with this parameter is what Pillow and MATLAB call bicubic; torch's own has -0.75.
_CUBIC = -0.5


@keras.saving.register_keras_serializable(package="ganzoo_srgan")
class BicubicEnlargement(keras.layers.Layer):
    """Enlarges images by a whole number as Pillow's BICUBIC does, up to rounding and the outermost pixels.

    The border is repeated there. The weights are fixed. A sum of shifted images along each axis, which is deterministic
    on every device.
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
        batch, *sides, channels = input_shape
        height, width = (None if side is None else side * self.scale for side in sides)
        return batch, height, width, channels

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return one convolution with the weights of every phase, and a pixel shuffle."""
        taps, channels = cubic_taps(self.scale), inputs.shape[-1]
        reach = len(taps) // 2
        padded = ops.concatenate([inputs[:, :1]] * reach + [inputs] + [inputs[:, -1:]] * reach, axis=1)
        padded = ops.concatenate([padded[:, :, :1]] * reach + [padded] + [padded[:, :, -1:]] * reach, axis=2)
        kernel = np.einsum("hi,wj,cd->hwcijd", taps, taps, np.eye(channels))
        kernel = kernel.reshape(len(taps), len(taps), channels, -1)
        convolution = keras.layers.Conv2D(kernel.shape[-1], len(taps), use_bias=False)
        phases = convolution(padded)
        convolution.kernel.assign(kernel.astype(np.float32))
        return phases if self.scale == 1 else ops.depth_to_space(phases, self.scale)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


def cubic_taps(scale: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the weights (5, scale) of the pixels at -2 ... 2 around a pixel for each of the pixels it becomes."""
    centres = (np.arange(scale) + 0.5) / scale - 0.5
    distance = np.abs(np.arange(-2, 3)[:, None] - centres[None])
    near = (_CUBIC + 2) * distance**3 - (_CUBIC + 3) * distance**2 + 1
    far = _CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
