"""The base class of metrics on photographs: PSNR and SSIM."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Example, Metric, images
from ganzoo_metrics.fields import field_of


class PhotographMetric(Metric):
    """The mean of a score over photographs (field `image`, uint8), after cutting `border` pixels from each side."""

    score_name: ClassVar[str]

    def __init__(self, *, channel: Literal["y", "rgb"] = "y", border: Annotated[int, Ge(0)] = 4) -> None:
        self.channel = channel
        self.border = border
        self._scores: list[float] = []

    @abstractmethod
    def score(self, output: Array, target: Array) -> float:
        """Return the score of float64 arrays, height x width x channels, on the scale of 0 to 255."""

    def update(self, output: Example, target: Example) -> None:
        mine, wanted = (field_of(given, "image", self.score_name) for given in (output, target))
        if mine.shape != wanted.shape:
            raise DataError(f"{self.score_name}: images of {mine.shape} and {wanted.shape} cannot be compared")
        self._scores.append(self.score(self._compared(mine), self._compared(wanted)))

    def result(self) -> Mapping[str, float]:
        return {f"{self.score_name}_{self.channel}": float(np.mean(self._scores))}

    def _compared(self, image: Array) -> Array:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise DataError(f"{self.score_name}: needs uint8 RGB photographs, received {image.dtype} {image.shape}")
        height, width = image.shape[:2]
        if min(height, width) <= 2 * self.border:
            raise DataError(f"{self.score_name}: nothing of {height}x{width} is left inside a border of {self.border}")
        values = images.luma(image)[:, :, None] if self.channel == "y" else image.astype(np.float64)
        return values[self.border : height - self.border, self.border : width - self.border]
