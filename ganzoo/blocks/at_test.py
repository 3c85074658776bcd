"""Layers that work outside of training as they do in it, and change nothing by that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from ganzoo import layers

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class DropoutAtTest(keras.layers.Dropout):
    """Dropout that is never off: noise of a generator that has no latents (pix2pix, arXiv 1611.07004).

    Outside of training it draws from the layer's own generator, and not from that of the process.
    """

    per_sample = True

    def call(self, inputs: Tensor, training: bool | None = None) -> Any:
        if training:
            return super().call(inputs, training=True)
        drawn = keras.random.uniform(keras.ops.shape(inputs), seed=self.seed_generator)
        return keras.ops.where(drawn >= self.rate, inputs / (1 - self.rate), keras.ops.zeros_like(inputs))


@keras.saving.register_keras_serializable(package="ganzoo")
class BatchStatisticsAtTest(layers.BatchNormalization):
    """Batch normalization that always uses the statistics of the batch at hand, and keeps no average of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "momentum": 1.0})

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Any:
        return super().call(inputs, training=True, mask=mask)
