"""The first layer of a generator of R3GAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from ganzoo import Tensor


@keras.saving.register_keras_serializable(package="ganzoo_r3gan")
class LearnedMaps(keras.layers.Layer):
    """Multiplies each channel with a learned map, which starts as N(0, 1): (n, c) -> (n, side, side, c)."""

    per_sample = True

    def __init__(self, side: int, **options: Any) -> None:
        super().__init__(**options)
        self.side = side

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.maps = self.add_weight(name="maps", shape=(self.side, self.side, input_shape[-1]), initializer=normal)
        self.built = True

    def call(self, inputs: Tensor) -> Any:
        return keras.ops.expand_dims(keras.ops.expand_dims(inputs, 1), 1) * self.maps

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], self.side, self.side, input_shape[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.EinsumDense` with the maps as its kernel."""
        layer = keras.layers.EinsumDense("bc,hwc->bhwc", output_shape=(self.side, self.side, inputs.shape[-1]))
        outputs = layer(inputs)
        layer.set_weights([keras.ops.convert_to_numpy(self.maps)])
        return outputs
