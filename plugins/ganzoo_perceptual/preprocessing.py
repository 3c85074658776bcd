"""What the published VGG weights expect."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_MEAN_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="ganzoo_perceptual")
class CaffePreprocessing(keras.layers.Layer):
    """RGB in [-1, 1] to BGR on the scale of 0 to 255, minus ImageNet's mean."""

    def call(self, inputs: Any) -> Any:
        mean = ops.convert_to_tensor(_MEAN_BGR, dtype=inputs.dtype)
        return ops.flip(inputs, axis=-1) * 127.5 + (127.5 - mean)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
