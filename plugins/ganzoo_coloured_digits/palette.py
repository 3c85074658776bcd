"""Colours of classes, and the way from grey digits to coloured ones and back."""

from __future__ import annotations

import colorsys

import numpy as np

from ganzoo import Array

_SATURATION = 0.75


def palette(classes: int) -> Array:
    """Return a colour for each class, hues evenly apart: (classes, 3) in [0, 1], the largest channel 1."""
    return np.array([colorsys.hsv_to_rgb(label / classes, _SATURATION, 1.0) for label in range(classes)])


def coloured(grey: Array, colour: Array) -> Array:
    """Return a grey digit (height, width, 1), uint8, as black ink on paper of a colour."""
    return np.rint((255 - grey.astype(np.float64)) * colour).astype(np.uint8)


def ink(images: Array) -> Array:
    """Return coloured digits (n, height, width, 3) as grey ones again: the opposite of the brightest channel."""
    found: Array = 255 - images.max(axis=-1, keepdims=True)
    return found


def nearest_colours(images: Array, colours: Array) -> Array:
    """Return which of the colours the paper of each coloured digit has."""
    total = images.astype(np.float64).sum(axis=(1, 2))
    seen = total / np.maximum(total.max(axis=1, keepdims=True), 1)
    found: Array = np.linalg.norm(seen[:, None] - colours[None], axis=2).argmin(axis=1)
    return found
