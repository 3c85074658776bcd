"""Blur kernels: squares of an odd side whose values sum to 1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ganzoo import Array


class Spread(NamedTuple):
    """The deviations of a kernel along its two axes in pixels, and the angle of the first axis to x in radians."""

    first: float
    second: float
    angle: float = 0.0


def gaussian(size: int, spread: Spread, beta: float = 1.0) -> Array:
    """Return exp(-d^beta / 2), where d is the squared distance from the centre in deviations.

    beta = 1 is the Gaussian; a larger one has a flatter top and steeper sides (Real-ESRGAN, arXiv 2107.10833).
    """
    return _normalized(np.exp(-0.5 * _squared_distance(size, spread) ** beta))


def plateau(size: int, spread: Spread, beta: float) -> Array:
    """Return 1 / (1 + d^beta), with the d of `gaussian`."""
    return _normalized(1 / (1 + _squared_distance(size, spread) ** beta))


def sinc(size: int, cutoff: float) -> Array:
    """Return the ideal low-pass filter of a cut-off in radians per pixel, up to pi: it rings and overshoots.

    Its values are cutoff * J1(cutoff * r) / (2 pi r) at the distance r from the centre.
    """
    from scipy.special import j1

    distance = np.hypot(*_coordinates(size))
    distance[size // 2, size // 2] = 1  # the limit there is set below
    values = cutoff * j1(cutoff * distance) / (2 * np.pi * distance)
    values[size // 2, size // 2] = cutoff**2 / (4 * np.pi)
    return _normalized(values)


def _squared_distance(size: int, spread: Spread) -> Array:
    x, y = _coordinates(size)
    cosine, sine = np.cos(spread.angle), np.sin(spread.angle)
    along, across = cosine * x + sine * y, cosine * y - sine * x
    distance: Array = (along / spread.first) ** 2 + (across / spread.second) ** 2
    return distance


def _coordinates(size: int) -> tuple[Array, Array]:
    steps = np.arange(size) - size // 2.0
    x, y = np.meshgrid(steps, steps)
    return x, y


def _normalized(values: Array) -> Array:
    shares: Array = values / values.sum()
    return shares.astype(np.float32)
