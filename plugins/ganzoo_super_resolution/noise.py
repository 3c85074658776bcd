"""Noise of cameras, on float32 images (height x width x 3) in [0, 255]; the results are clipped to that."""

from __future__ import annotations

import numpy as np

from ganzoo import Array

#: The shares of red, green and blue in a grey level (BT.601, full range).
_GREY = np.array([0.2989, 0.587, 0.114], np.float32)


def gaussian_noise(image: Array, deviation: float, *, grey: bool, rng: np.random.Generator) -> Array:
    """Return the image with normal noise of a deviation in levels of 255, the same in all channels where `grey`."""
    shape = (*image.shape[:2], 1 if grey else image.shape[2])
    noisy: Array = image + np.float32(deviation) * rng.standard_normal(shape, np.float32)
    return noisy.clip(0, 255)


def poisson_noise(image: Array, strength: float, *, grey: bool, rng: np.random.Generator) -> Array:
    """Return the image with shot noise, whose variance grows with brightness, times `strength`.

    As Real-ESRGAN counts photons: white is as many as there are levels in the image, rounded up to a power of 2. The
    noise is that of the grey image, the same in all channels, where `grey`.
    """
    exposed = image @ _GREY[:, None] if grey else image
    levels = np.rint(exposed).clip(0, 255).astype(np.uint8)
    photons = 2 ** np.ceil(np.log2(np.count_nonzero(np.bincount(levels.ravel()))))
    counted = rng.poisson(levels * (photons / 255)).astype(np.float32)
    difference = counted * np.float32(255 / photons) - levels
    noisy: Array = image + np.float32(strength) * difference
    return noisy.clip(0, 255)
