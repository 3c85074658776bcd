from __future__ import annotations

import numpy as np

from ganzoo import Array
from ganzoo_metrics.photographs import PhotographMetric

_BANDS = 32
#: The highest frequency along a side, in cycles per pixel.
_HIGHEST = 0.5
#: The power that rounding to 8 bits leaves: nothing below it can be told.
_ROUNDING = 1 / 12


class SpectrumDistance(PhotographMetric):
    """How far the frequencies of restored photographs are from those wanted, in dB: `spectrum_distance_y` or `_rgb`.

    Feature-free and blind to where things are: blur lowers high frequencies, checkerboards and sharpening raise some.
    Of each photograph, less its mean and under a Hann window along both sides, the power per pixel is averaged over 32
    rings of equal width from 0 to 0.5 cycles per pixel, to which 1/12, the power of rounding, is added; the result is
    the mean over rings of the absolute difference of 10 log10 of both, then over channels and photographs.
    """

    larger_is_better = False
    score_name = "spectrum_distance"

    def score(self, output: Array, target: Array) -> float:
        return float(np.abs(spectrum(output) - spectrum(target)).mean())


def spectrum(image: Array) -> Array:
    """Return the power in dB of an image by ring, as far as it holds a frequency, and by channel."""
    height, width = image.shape[:2]
    window = np.outer(np.hanning(height), np.hanning(width))[:, :, None]
    centred = (image - image.mean(axis=(0, 1))) * window
    power = np.abs(np.fft.fft2(centred, axes=(0, 1))) ** 2 / (window**2).sum()
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    ring = (radius * _BANDS / _HIGHEST).astype(int).ravel()
    counts = np.bincount(ring, minlength=_BANDS)[:_BANDS]
    sums = [np.bincount(ring, power[:, :, each].ravel(), _BANDS)[:_BANDS] for each in range(image.shape[2])]
    used = counts > 0
    levels: Array = 10 * np.log10(np.stack(sums, axis=1)[used] / counts[used, None] + _ROUNDING)
    return levels
