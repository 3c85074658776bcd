from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array
from ganzoo_metrics.photographs import Channel, PhotographMetric


class PSNR(PhotographMetric):
    """Peak signal-to-noise ratio in dB on uint8 photographs: `psnr_y` or `psnr_rgb`, mean over photographs.

    Y is BT.601 studio range; `border` pixels are cut first, as many as the scale by convention. Equal images count
    as 100 dB, so that a mean stays finite.
    """

    score_name = "psnr"

    def __init__(self, *, channel: Channel = "y", border: Annotated[int, Ge(0)] = 4) -> None:
        super().__init__(channel=channel, border=border)

    def score(self, output: Array, target: Array) -> float:
        error = float(np.mean((output - target) ** 2))
        return 100.0 if error == 0 else min(100.0, float(10 * np.log10(255**2 / error)))
