"""Enlargement on channels-last memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from torch.nn import functional

from ganzoo.layers.memory import channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class UpSampling2D(keras.layers.UpSampling2D):
    """`keras.layers.UpSampling2D` without copies: (n, h, w, c) -> (n, h', w', c), by "nearest" and "bilinear".

    Other interpolations are left to Keras.
    """

    def call(self, inputs: Tensor) -> Any:
        if self.data_format != "channels_last" or self.interpolation not in ("nearest", "bilinear") or inputs.is_meta:
            return super().call(inputs)
        size = inputs.shape[1] * self.size[0], inputs.shape[2] * self.size[1]
        return channels_last(functional.interpolate(channels_first(inputs), size, mode=self.interpolation))
