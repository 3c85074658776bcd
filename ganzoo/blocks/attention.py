"""Attention over the positions of a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import torch

from ganzoo import layers
from ganzoo.layers.memory import as_tensor, channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class SelfAttention(keras.layers.Layer):
    """Adds to each position a weighted sum over all positions: x + gamma * attention(x) (SAGAN, arXiv 1805.08318).

    (batch, h, w, channels) to the same shape. 1x1 convolutions without bias, spectrally normalized unless `spectral` is
    off, give queries and keys of channels / 8 and values of channels / 2, as in the authors' code. Keys and values are
    max-pooled 2x2 unless `pool` is off. The softmax runs over the positions of the keys. A last 1x1 convolution
    restores the channels. `gamma` starts at 0, so a new layer changes nothing. Memory grows with (h w)^2.
    """

    #: Each example attends to itself only.
    per_sample = True

    def __init__(self, spectral: bool = True, pool: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.spectral = spectral
        self.pool = pool

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        if channels is None or channels < 8:
            raise ValueError(f"needs at least 8 channels, received {channels}")
        narrow, half = (*input_shape[:-1], channels), (*input_shape[:-1], channels // 2)
        self.query = self._projection("query", channels // 8, narrow)
        self.key = self._projection("key", channels // 8, narrow)
        self.value = self._projection("value", channels // 2, narrow)
        self.output_projection = self._projection("output", channels, half)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")
        self.built = True

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        query, key, value = (
            projection(inputs, training=training) if self.spectral else projection(inputs)
            for projection in (self.query, self.key, self.value)
        )
        if self.pool:
            key, value = (_pooled(values) for values in (key, value))
        query, key, value = (values.flatten(1, 2) for values in (query, key, value))
        attention = torch.softmax(query @ key.transpose(1, 2), dim=-1)
        mixed = (attention @ value).unflatten(1, inputs.shape[1:3])
        out = self.output_projection(mixed, training=training) if self.spectral else self.output_projection(mixed)
        attended: Tensor = inputs + as_tensor(self.gamma).to(inputs.dtype) * out
        return attended

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spectral": self.spectral, "pool": self.pool}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the same with Keras' operations, at images of any size."""
        key, value = self.key(inputs), self.value(inputs)
        if self.pool:
            key, value = (keras.layers.MaxPooling2D(2)(values) for values in (key, value))
        scores = keras.ops.einsum("bhwc,bxyc->bhwxy", self.query(inputs), key)
        attention = keras.layers.Softmax(axis=(3, 4))(scores)
        out = self.output_projection(keras.ops.einsum("bhwxy,bxyc->bhwc", attention, value))
        gamma = keras.layers.Rescaling(float(keras.ops.convert_to_numpy(self.gamma)))
        return keras.layers.Add()([inputs, gamma(out)])

    def _projection(self, name: str, filters: int, input_shape: tuple[int | None, ...]) -> keras.Layer:
        layer: keras.Layer = layers.Conv2D(filters, 1, use_bias=False, dtype=self.dtype_policy, name=name)
        if self.spectral:
            layer = layers.SpectralNormalization(layer, name=name)
        layer.build(input_shape)
        return layer


def attention_at(values: keras.KerasTensor, side: int) -> keras.KerasTensor:
    """Return feature maps after `SelfAttention` where their side is this one, as they are elsewhere."""
    return SelfAttention()(values) if values.shape[1] == side else values


def require_attention_side(side: int, sides: Sequence[int]) -> None:
    """Raise ValueError unless the side is one of those after the blocks of a network, or 0: no attention."""
    if side and side not in sides:
        known = ", ".join(map(str, sides))
        raise ValueError(f"has no block whose output has a side of {side} for attention; there are {known}")


def _pooled(values: Tensor) -> Tensor:
    return channels_last(torch.nn.functional.max_pool2d(channels_first(values), 2))
