from __future__ import annotations

import numpy as np

from ganzoo import Array, DataError
from ganzoo_metrics.photographs import PhotographMetric

SIDE, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class SSIM(PhotographMetric):
    """Structural similarity on uint8 photographs: `ssim_y` or `ssim_rgb`, mean over photographs (Wang 2004).

    Gaussian window 11x11 of deviation 1.5, population covariance, only windows wholly inside; RGB is the mean over
    channels. Y is BT.601 studio range; `border` pixels are cut first.
    """

    score_name = "ssim"

    def score(self, output: Array, target: Array) -> float:
        if min(output.shape[:2]) < SIDE:
            raise DataError(f"ssim: needs at least {SIDE} pixels a side inside the border, received {output.shape[:2]}")
        return float(likeness(output, target)[0].mean())


def likeness(one: Array, other: Array) -> tuple[Array, Array]:
    """Return the similarity of each window of two images, and its part without luminance (contrast and structure)."""
    mean_x, mean_y = _blur(one), _blur(other)
    variances = _blur(one**2) - mean_x**2 + _blur(other**2) - mean_y**2
    covariance = _blur(one * other) - mean_x * mean_y
    contrast = (2 * covariance + _C2) / (variances + _C2)
    return contrast * (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1), contrast


def _blur(image: Array) -> Array:
    """Filter with the gaussian window along both sides, keeping windows that lie wholly inside."""
    offsets = np.arange(SIDE) - SIDE // 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window /= window.sum()
    for axis in (0, 1):
        image = np.lib.stride_tricks.sliding_window_view(image, SIDE, axis=axis) @ window
    return image
