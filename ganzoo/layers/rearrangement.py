"""Pixel shuffle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

Order = Literal["torch", "keras"]


@keras.saving.register_keras_serializable(package="ganzoo")
class PixelShuffle(keras.layers.Layer):
    """Turns channels into pixels: (n, h, w, c s^2) -> (n, h s, w s, c) (ESPCN, arXiv 1609.05158).

    The value of channel c at row i and column j of a pixel's square comes from channel c s^2 + i s + j with `order`
    "torch" (as in `torch.nn.PixelShuffle`), and from channel (i s + j) c_total + c with "keras" (as in
    `keras.ops.depth_to_space`), which moves whole pixels in memory and is the faster one. One copy in either case.
    """

    def __init__(self, scale: int, order: Order = "torch", **options: Any) -> None:
        super().__init__(**options)
        if scale < 1 or order not in ("torch", "keras"):
            raise ValueError(f"needs a scale of at least 1 and order 'torch' or 'keras', received {scale}, '{order}'")
        self.scale = scale
        self.order = order

    def call(self, inputs: Tensor) -> Tensor:
        batch, height, width, wide = inputs.shape
        scale, channels = self.scale, wide // self.scale**2
        if self.order == "torch":
            squares = inputs.reshape(batch, height, width, channels, scale, scale).permute(0, 1, 4, 2, 5, 3)
        else:
            squares = inputs.reshape(batch, height, width, scale, scale, channels).permute(0, 1, 3, 2, 4, 5)
        return squares.reshape(batch, height * scale, width * scale, channels)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, wide = input_shape
        if wide is None or wide % self.scale**2:
            raise ValueError(f"needs a multiple of {self.scale**2} channels, received {wide}")
        height, width = (None if side is None else side * self.scale for side in (height, width))
        return batch, height, width, wide // self.scale**2

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "order": self.order}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return `keras.ops.depth_to_space`, after channels in torch's order are put in Keras' order."""
        if self.scale == 1:
            return keras.layers.Identity()(inputs)
        if self.order == "torch":
            squares = np.arange(inputs.shape[-1]).reshape(-1, self.scale**2)
            inputs = keras.ops.take(inputs, squares.T.ravel(), axis=-1)
        return keras.ops.depth_to_space(inputs, self.scale)
