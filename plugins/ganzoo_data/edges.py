"""Canny's detector of edges (1986)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ganzoo import Array

#: Sobel's filter gives eight times the difference of a pixel.
_SOBEL = 8
#: The neighbour that a gradient points at, by its direction in steps of 45 degrees: down, right.
_NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1))


def edges(brightness: Array, *, sigma: float, low: float, high: float) -> Array:
    """Return where the edges of an image (height, width) are, as booleans of its shape.

    The image is smoothed by a Gaussian of `sigma`. Of the gradient's length, in brightness per pixel, ridges of at
    least `low` count where they touch one of at least `high`.
    """
    smooth = ndimage.gaussian_filter(np.asarray(brightness, np.float64), sigma)
    down, right = (ndimage.sobel(smooth, axis) / _SOBEL for axis in (0, 1))
    strength = np.hypot(down, right)
    candidates = _ridges(strength, down, right) & (strength >= low)
    parts, _ = ndimage.label(candidates, np.ones((3, 3)))
    found: Array = np.isin(parts, np.unique(parts[candidates & (strength >= high)]))
    return found


def _ridges(strength: Array, down: Array, right: Array) -> Array:
    """Return where the gradient is longest along its direction; of two equal ones the second."""
    sector = np.rint(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    around = np.pad(strength, 1)
    height, width = strength.shape

    def shifted(rows: int, columns: int) -> Array:
        moved: Array = around[1 + rows : 1 + rows + height, 1 + columns : 1 + columns + width]
        return moved

    each = [(strength >= shifted(-y, -x)) & (strength > shifted(y, x)) for y, x in _NEIGHBOURS]
    return np.choose(sector, each)
