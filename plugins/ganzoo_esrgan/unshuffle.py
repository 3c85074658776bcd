"""Layers that let a network work at a fraction of its images' size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ganzoo_esrgan")
class Unshuffle(keras.layers.Layer):
    """Turns squares of pixels into channels: (n, h, w, c) -> (n, h / factor, w / factor, c factor^2), rounded up.

    The pixel at row i and column j of a square goes to channel c factor^2 + i factor + j, as in
    `torch.nn.PixelUnshuffle`. Images are continued by reflection at their ends; sides must be at least `factor` long.
    """

    per_sample = True

    def __init__(self, factor: int, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        factor = self.factor
        padded = ops.concatenate([inputs, ops.flip(inputs[:, -factor:-1], axis=1)], axis=1)
        padded = ops.concatenate([padded, ops.flip(padded[:, :, -factor:-1], axis=2)], axis=2)
        squares = [
            padded[:, self._every(row), self._every(column)] for row in range(factor) for column in range(factor)
        ]
        channels = ops.stack(squares, axis=-1)
        return ops.reshape(channels, (*ops.shape(channels)[:3], inputs.shape[-1] * factor**2))

    def _every(self, first: int) -> slice:
        """Return every `factor`th of h + factor - 1 places: as many for each `first`."""
        return slice(first, first - self.factor + 1 or None, self.factor)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, *sides, channels = input_shape
        height, width = (None if side is None else -(-side // self.factor) for side in sides)
        return batch, height, width, None if channels is None else channels * self.factor**2

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="ganzoo_esrgan")
class CropToScale(keras.layers.Layer):
    """Cuts images (n, h', w', c) at the right and below to `scale` times the size of the second input."""

    per_sample = True

    def __init__(self, scale: int, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        values, image = inputs
        _, height, width, _ = ops.shape(image)
        return values[:, : height * self.scale, : width * self.scale]

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        values, (_, *sides, _) = input_shape
        height, width = (None if side is None else side * self.scale for side in sides)
        return values[0], height, width, values[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
