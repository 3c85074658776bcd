"""Activations."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
from torch.nn import functional

from ganzoo.layers.memory import as_tensor, channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class LeakyReLU(keras.layers.LeakyReLU):
    """`keras.layers.LeakyReLU` without the way through Keras' operations."""

    def call(self, inputs: Tensor) -> Any:
        return functional.leaky_relu(inputs, self.negative_slope)


@keras.saving.register_keras_serializable(package="ganzoo")
class PReLU(keras.layers.PReLU):
    """`keras.layers.PReLU` in one operation where slopes are shared over all axes but the last (arXiv 1502.01852).

    Same arguments, variables and outputs. At exactly zero, where there is no derivative, the slope is taken, as in
    torch; Keras takes 0. Other ways of sharing slopes are left to Keras.
    """

    def call(self, inputs: Tensor) -> Any:
        slopes = as_tensor(self.alpha)
        if prod(slopes.shape[:-1]) != 1 or inputs.ndim not in (2, 4) or inputs.dtype != slopes.dtype:
            return super().call(inputs)
        inputs, slopes = inputs.to(slopes.device), slopes.reshape(-1)
        if inputs.ndim == 2:
            return functional.prelu(inputs, slopes)
        return channels_last(functional.prelu(channels_first(inputs), slopes))
