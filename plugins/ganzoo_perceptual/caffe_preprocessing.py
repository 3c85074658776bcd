"""The preprocessing that the published VGG weights expect."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

#: The mean colour (BGR, 0 to 255) that Keras' weights were trained with.
KERAS_MEAN = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="ganzoo_perceptual")
class CaffePreprocessing(keras.layers.Layer):
    """Converts RGB in [-1, 1] to BGR in [0, 255] and subtracts a mean colour (BGR)."""

    def __init__(self, mean: tuple[float, float, float] = KERAS_MEAN, **options: Any) -> None:
        super().__init__(**options)
        self.mean = tuple(mean)

    def call(self, inputs: Any) -> Any:
        mean = ops.convert_to_tensor(self.mean, dtype=inputs.dtype)
        return ops.flip(inputs, axis=-1) * 127.5 + (127.5 - mean)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean}

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
