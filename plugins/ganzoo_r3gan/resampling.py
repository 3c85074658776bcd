"""Doubling and halving of feature maps with the filter [1, 2, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

if TYPE_CHECKING:
    from ganzoo import Tensor

_ROWS, _COLUMNS = 1, 2


@keras.saving.register_keras_serializable(package="ganzoo_r3gan")
class FilteredUpsampling(keras.layers.Layer):
    """Doubles the sides of (n, h, w, c): zeros between the values, then the filter [1, 2, 1] along both axes."""

    per_sample = True

    def call(self, inputs: Tensor) -> Any:
        return _doubled(_doubled(inputs, _ROWS), _COLUMNS)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the same with Keras' operations."""
        return _doubled(_doubled(inputs, _ROWS), _COLUMNS)


@keras.saving.register_keras_serializable(package="ganzoo_r3gan")
class FilteredDownsampling(keras.layers.Layer):
    """Halves the sides of (n, h, w, c): the filter [1, 2, 1] / 4 along both axes, then every second value."""

    per_sample = True

    def call(self, inputs: Tensor) -> Any:
        return _halved(_halved(inputs, _ROWS), _COLUMNS)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, channels = input_shape
        return batch, height and height // 2, width and width // 2, channels

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the same with Keras' operations."""
        return _halved(_halved(inputs, _ROWS), _COLUMNS)


def _doubled(values: Any, axis: int) -> Any:
    """Return each value after its mean with the one before it."""
    shape = list(values.shape)
    means = (_shifted(values, axis) + values) / 2
    shape[axis] *= 2
    return ops.reshape(ops.stack([means, values], axis=axis + 1), (-1, *shape[1:]))


def _halved(values: Any, axis: int) -> Any:
    here, after = (ops.take(values, range(start, values.shape[axis], 2), axis=axis) for start in (0, 1))
    return here / 2 + (_shifted(after, axis) + after) / 4


def _shifted(values: Any, axis: int) -> Any:
    """Return the values one place later along an axis, from a zero."""
    padding = [(0, 0)] * 4
    padding[axis] = (1, 0)
    kept = [slice(None)] * 4
    kept[axis] = slice(0, values.shape[axis])
    return ops.pad(values, padding)[tuple(kept)]
