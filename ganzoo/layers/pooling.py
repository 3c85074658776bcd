"""Pooling on channels-last memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from torch.nn import functional

from ganzoo.layers.memory import channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class MaxPooling2D(keras.layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D` without copies: (n, h, w, c) -> (n, h', w', c); "same" is left to Keras."""

    def call(self, inputs: Tensor) -> Any:
        if self.data_format != "channels_last" or self.padding != "valid" or inputs.is_meta:
            return super().call(inputs)
        return channels_last(functional.max_pool2d(channels_first(inputs), self.pool_size, self.strides))


@keras.saving.register_keras_serializable(package="ganzoo")
class AveragePooling2D(keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D` without copies: (n, h, w, c) -> (n, h', w', c); "same" is left to Keras."""

    def call(self, inputs: Tensor) -> Any:
        if self.data_format != "channels_last" or self.padding != "valid" or inputs.is_meta:
            return super().call(inputs)
        return channels_last(functional.avg_pool2d(channels_first(inputs), self.pool_size, self.strides))
