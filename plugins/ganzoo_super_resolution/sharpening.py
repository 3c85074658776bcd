"""Unsharp masking."""

from __future__ import annotations

import numpy as np

from ganzoo import Array
from ganzoo_super_resolution.blurring import blur
from ganzoo_super_resolution.kernels import Spread, gaussian

_SIZE, _DEVIATION = 51, 8.0
_WEIGHT = 0.5
_THRESHOLD = 10
#: A pixel depends on those that are up to so many pixels away: two blurs.
REACH = 2 * (_SIZE // 2)


def sharpened(image: Array) -> Array:
    """Return a uint8 image with sharper edges, as the targets of Real-ESRGAN (arXiv 2107.10833).

    Adds half of the difference to a blurred copy, softly restricted to where this difference exceeds 10 of 255.
    """
    kernel = gaussian(_SIZE, Spread(_DEVIATION, _DEVIATION))
    values = image.astype(np.float32)
    detail = values - blur(values, kernel)
    mask = blur((np.abs(detail) > _THRESHOLD).astype(np.float32), kernel)
    sharp = np.clip(values + _WEIGHT * detail, 0, 255)
    return np.rint(values + mask * (sharp - values)).clip(0, 255).astype(np.uint8)
