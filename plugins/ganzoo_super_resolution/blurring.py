"""Convolution with a blur kernel."""

from __future__ import annotations

import numpy as np

from ganzoo import Array


def blur(image: Array, kernel: Array) -> Array:
    """Return an image (float32, height x width x channels) blurred by a square kernel, reflected at its borders.

    By Fourier transforms, whose time does not depend on the kernel.
    """
    from scipy import fft

    height, width = image.shape[:2]
    radius = len(kernel) // 2
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
    sides = [fft.next_fast_len(side, real=True) for side in padded.shape[:2]]
    product = fft.rfft2(padded, sides, axes=(0, 1)) * fft.rfft2(kernel, sides)[..., None]
    whole: Array = fft.irfft2(product, sides, axes=(0, 1))
    return whole[2 * radius : 2 * radius + height, 2 * radius : 2 * radius + width]
