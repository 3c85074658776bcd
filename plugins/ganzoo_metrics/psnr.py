from __future__ import annotations

import numpy as np

from ganzoo import Array
from ganzoo_metrics.photographs import PhotographMetric

_MOST = 100.0


class PSNR(PhotographMetric):
    """Peak signal-to-noise ratio in dB on uint8 photographs: `psnr_y` or `psnr_rgb`, mean over photographs.

    Y is BT.601 studio range; `border` pixels are cut first, as many as the scale by convention. Equal images count
    as 100 dB, so that a mean stays finite.
    """

    score_name = "psnr"

    def score(self, output: Array, target: Array) -> float:
        error = float(np.mean((output - target) ** 2))
        return _MOST if error == 0 else min(_MOST, float(10 * np.log10(255**2 / error)))
