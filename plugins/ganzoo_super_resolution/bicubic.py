"""The reduction of most papers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganzoo import Array, Degradation, Identity, images


@dataclass(frozen=True, kw_only=True)
class Bicubic(Degradation):
    """Reduces by antialiased bicubic interpolation and nothing else: photographs stay clean."""

    def reduce(self, image: Array, scale: int, rng: np.random.Generator) -> Array:
        return images.resize_bicubic(image, (image.shape[0] // scale, image.shape[1] // scale))

    def identity(self) -> Identity:
        return {"low_resolution": "that of the data, otherwise bicubic with antialiasing"}
