from __future__ import annotations

import numpy as np

from ganzoo import Array, DataError
from ganzoo_metrics.photographs import PhotographMetric
from ganzoo_metrics.ssim import SIDE, likeness

#: The exponent of each scale, fine to coarse.
_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_FEWEST_PIXELS = SIDE * 2 ** (len(_WEIGHTS) - 1)


class MSSSIM(PhotographMetric):
    """Structural similarity over five scales on uint8 photographs: `ms_ssim_y` or `ms_ssim_rgb` (Wang 2003).

    Contrast and structure at each scale, luminance at the coarsest, to the published exponents; scales are halved by
    2x2 means, and the window is that of `ssim`. A scale whose mean is negative counts as 0. Needs 176 pixels a side
    inside the border; RGB is the mean over channels.
    """

    score_name = "ms_ssim"

    def score(self, output: Array, target: Array) -> float:
        if min(output.shape[:2]) < _FEWEST_PIXELS:
            raise DataError(
                f"ms_ssim: needs at least {_FEWEST_PIXELS} pixels a side inside the border, received {output.shape[:2]}"
            )
        product = np.ones(output.shape[2])
        for number, weight in enumerate(_WEIGHTS, start=1):
            whole, contrast = likeness(output, target)
            wanted = whole if number == len(_WEIGHTS) else contrast
            product *= wanted.mean(axis=(0, 1)).clip(min=0) ** weight
            output, target = _halved(output), _halved(target)
        return float(product.mean())


def _halved(image: Array) -> Array:
    height, width, channels = (image.shape[0] // 2, image.shape[1] // 2, image.shape[2])
    pairs = image[: 2 * height, : 2 * width].reshape(height, 2, width, 2, channels)
    halved: Array = pairs.mean(axis=(1, 3))
    return halved
