"""Colours that leave the brightness of an image as it is."""

from __future__ import annotations

from typing import Any

import keras

from ganzoo import images


@keras.saving.register_keras_serializable(package="ganzoo_pix2pix")
class KeepBrightness(keras.layers.Layer):
    """Shifts RGB images (n, h, w, 3) to the brightness of grey ones (n, h, w, 1), all in [-1, 1].

    The same is added to the three channels of a pixel; where that leaves [-1, 1], the values are clipped. Computed in
    float32, whose steps are finer than those of an image.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})

    def call(self, colours: Any, grey: Any) -> Any:
        return _shifted(colours, grey)

    def compute_output_shape(
        self, colours_shape: tuple[int | None, ...], grey_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return colours_shape

    def to_keras(self, colours: keras.KerasTensor, grey: keras.KerasTensor) -> keras.KerasTensor:
        """Return the same as operations of Keras."""
        return _shifted(colours, grey)


def _shifted(colours: Any, grey: Any) -> Any:
    parts = (share * colours[..., at : at + 1] for at, share in enumerate(images.LUMA_WEIGHTS))
    return keras.ops.clip(colours + (grey - sum(parts)), -1.0, 1.0)
