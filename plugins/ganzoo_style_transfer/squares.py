"""Images at the size at which styles are learned."""

from __future__ import annotations

import numpy as np

from ganzoo import Array, DataError, images

#: Generators halve and double sides three times.
MULTIPLE = 8
#: The smallest side that is worked on: generators reflect so much at the border.
_SMALLEST = 64


def short_side_at(image: Array, size: int) -> Array:
    """Return an image whose short side has `size` pixels, by antialiased bicubic interpolation."""
    if reason := images.not_rgb(image.shape):
        raise DataError(reason)
    factor = size / min(image.shape[:2])
    return _resized(image, factor)


def long_side_within(image: Array, longest: int) -> Array:
    """Return an image whose long side has `longest` pixels at most."""
    return _resized(image, min(1.0, longest / max(image.shape[:2])))


def centre(image: Array, side: int) -> Array:
    """Return the square in the middle of an image whose short side is brought to `side`."""
    return images.cut_square(short_side_at(image, side), side, (0.5, 0.5))


def padded(image: Array) -> Array:
    """Return an image mirrored at the right and at the bottom up to sides that generators take."""
    missing = [(0, max(_SMALLEST, -(-side // MULTIPLE) * MULTIPLE) - side) for side in image.shape[:2]]
    return np.pad(image, (*missing, (0, 0)), mode="symmetric")


def _resized(image: Array, factor: float) -> Array:
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    return image if (height, width) == image.shape[:2] else images.resize_bicubic(image, (height, width))
