"""JPEG compression."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ganzoo import Array


def compressed(image: Array, quality: int) -> Array:
    """Return an image (float32, height x width x 3 in [0, 255]) as it is after JPEG, with halved colour resolution."""
    buffer = io.BytesIO()
    Image.fromarray(to_bytes(image)).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(buffer), np.float32)


def to_bytes(image: Array) -> Array:
    """Return levels as uint8, clipped and rounded."""
    return np.rint(image).clip(0, 255).astype(np.uint8)
