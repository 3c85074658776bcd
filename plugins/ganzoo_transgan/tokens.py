"""What is learned for each place, and what is added to places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch

if TYPE_CHECKING:
    from ganzoo import Tensor


@keras.saving.register_keras_serializable(package="ganzoo_transgan")
class Positions(keras.layers.Layer):
    """Adds a learned number to each value of an example; it starts as N(0, 0.02)."""

    per_sample = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        normal = keras.initializers.RandomNormal(stddev=0.02)
        self.positions = self.add_weight(name="positions", shape=input_shape[1:], initializer=normal)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        added: Tensor = inputs + self.positions.value
        return added

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


@keras.saving.register_keras_serializable(package="ganzoo_transgan")
class ClassToken(keras.layers.Layer):
    """Puts a learned row before the others: (n, tokens, c) -> (n, 1 + tokens, c); it starts as N(0, 0.02)."""

    per_sample = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        normal = keras.initializers.RandomNormal(stddev=0.02)
        self.token = self.add_weight(name="token", shape=(1, 1, input_shape[-1]), initializer=normal)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return torch.cat([self.token.value.to(inputs.dtype).expand(inputs.shape[0], -1, -1), inputs], dim=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, tokens, channels = input_shape
        return batch, tokens and tokens + 1, channels


@keras.saving.register_keras_serializable(package="ganzoo_transgan")
class PlaceNoise(keras.layers.Layer):
    """Adds N(0, 1) times a learned number, 0 at first, in training: one draw for all channels of a place."""

    per_sample = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.strength = self.add_weight(name="strength", shape=(), initializer="zeros")
        self.built = True

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        if not training:
            return inputs
        noise = keras.random.normal((*inputs.shape[:-1], 1), dtype=inputs.dtype, seed=self.seed_generator)
        noisy: Tensor = inputs + self.strength.value * noise
        return noisy

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
