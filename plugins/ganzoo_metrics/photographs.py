"""What PSNR and SSIM share: which values of a photograph are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ganzoo import Array, DataError, Example, Metric, images

Channel = Literal["y", "rgb"]


class PhotographMetric(Metric):
    """The mean of a score over photographs (field `image`, uint8), after cutting `border` pixels from each side."""

    score_name: str

    def __init__(self, *, channel: Channel = "y", border: int = 4) -> None:
        self.channel = channel
        self.border = border
        self._scores: list[float] = []

    def score(self, output: Array, target: Array) -> float:
        """Return the score of float64 arrays, height x width x channels, on the scale of 0 to 255."""
        raise TypeError(f"{type(self).__name__} has no score")

    def update(self, output: Example, target: Example) -> None:
        mine, wanted = output["image"], target["image"]
        if mine.shape != wanted.shape:
            raise DataError(f"images of {mine.shape} and {wanted.shape} cannot be compared")
        self._scores.append(self.score(self._compared(mine), self._compared(wanted)))

    def result(self) -> Mapping[str, float]:
        return {f"{self.score_name}_{self.channel}": float(np.mean(self._scores))}

    def _compared(self, image: Array) -> Array:
        values = images.luma(image)[:, :, None] if self.channel == "y" else image.astype(np.float64)
        height, width = values.shape[:2]
        return values[self.border : height - self.border, self.border : width - self.border]
