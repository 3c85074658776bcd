"""Adaptive instance normalization."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="ganzoo_adain")
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """Gives each channel of [content, style] the mean and the deviation that it has in the style (arXiv 1703.06868).

    Both are (n, h, w, c); their places may differ in number. As in the authors' code, the variance over places is
    unbiased, plus 1e-5. Computed in float32 at least.
    """

    per_sample = True

    def call(self, inputs: list[Any]) -> Any:
        content, style = (ops.cast(values, "float32") for values in inputs)
        mean, deviation = _moments(content)
        style_mean, style_deviation = _moments(style)
        return ops.cast((content - mean) / deviation * style_deviation + style_mean, self.compute_dtype)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return tuple(input_shape[0])

    def to_keras(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Return the same in operations of Keras."""
        return self.call(inputs)


def _moments(values: Any) -> tuple[Any, Any]:
    """Return mean and deviation over places, (n, 1, 1, c)."""
    mean = ops.mean(values, axis=(1, 2), keepdims=True)
    places = ops.sum(ops.ones_like(values[:1, :, :, :1]))
    variance = ops.sum(ops.square(values - mean), axis=(1, 2), keepdims=True) / (places - 1)
    return mean, ops.sqrt(variance + _EPSILON)
