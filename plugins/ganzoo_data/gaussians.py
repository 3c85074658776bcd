from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from ganzoo import Array, DataError, Dataset, Field, Source
from ganzoo_data.counted import CountedRandom


@dataclass(frozen=True, kw_only=True)
class Gaussians(Dataset):
    """Points from equally likely 2-D gaussians on a ring or grid: fields `point` (2,) float32 and `label`, the mode.

    The classical test for lost modes: 8 on a ring of radius 2 with deviation 0.02 (Metz 2017, arXiv 1611.02163), or 25
    on a grid, of which `radius` is half the side. The grid of PacGAN (arXiv 1712.04086) has `radius = 4` and `std =
    0.05`; that of WGAN-GP (arXiv 1704.00028) the same divided by 2.828: `radius = 1.4144`, `std = 0.01768`. The points
    derive from `seed`.
    """

    modes: Annotated[int, Ge(1)] = 8
    radius: Annotated[float, Gt(0)] = 2.0
    std: Annotated[float, Gt(0)] = 0.02
    count: Annotated[int, Ge(1)] = 10000
    layout: Literal["ring", "grid"] = "ring"
    seed: Annotated[int, Ge(0)] = 0

    def __post_init__(self) -> None:
        if self.layout == "grid" and math.isqrt(self.modes) ** 2 != self.modes:
            raise ValueError(f"a grid needs a square number of modes, not {self.modes}")

    def open(self) -> GaussianPoints:
        if self.count < self.modes:
            raise DataError(f"gaussians: {self.count} points cannot show {self.modes} modes; raise data.count")
        return GaussianPoints(self, self._centres())

    def _centres(self) -> Array:
        if self.layout == "ring":
            angles = 2 * np.pi * np.arange(self.modes) / self.modes
            return self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        side = np.linspace(-self.radius, self.radius, math.isqrt(self.modes))
        return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


class GaussianPoints(Source):
    """Points that are drawn when they are asked for, each from its own counter: any number takes no memory."""

    def __init__(self, dataset: Gaussians, centres: Array) -> None:
        self._dataset = dataset
        self._centres = centres
        self._random = CountedRandom(dataset.seed)
        label = Field(shape=(), dtype="int32", low=0, high=len(centres) - 1)
        self.fields = {"point": Field(shape=(2,)), "label": label}

    def __len__(self) -> int:
        return self._dataset.count

    def __getitem__(self, index: int) -> dict[str, Array]:
        label = index % len(self._centres)
        point = self._centres[label] + self._random.at(index).normal(0, self._dataset.std, 2)
        return {"point": point.astype(np.float32), "label": np.asarray(label, np.int32)}

    def fingerprint(self) -> str:
        return repr(self._dataset)
