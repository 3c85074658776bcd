from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from ganzoo import Array, DataError, Dataset, Field
from ganzoo_data.arrays import Arrays


@dataclass(frozen=True, kw_only=True)
class Gaussians(Dataset):
    """Points from equally likely 2-D gaussians on a ring or grid: fields `point` (2,) float32 and `label`, the mode.

    The classical test for lost modes: 8 on a ring of radius 2, or 25 on a grid, with deviation 0.02 (Metz 2017,
    arXiv 1611.02163). On a grid `radius` is half its side. The points derive from `seed`.
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

    def open(self) -> Arrays:
        if self.count < self.modes:
            raise DataError(f"gaussians: {self.count} points cannot show {self.modes} modes; raise data.count")
        rng = np.random.Generator(np.random.PCG64(self.seed))
        labels = np.arange(self.count) % self.modes
        points = self._centres()[labels] + rng.normal(0, self.std, (self.count, 2))
        return Arrays(
            {"point": points.astype(np.float32), "label": labels.astype(np.int32)},
            {"point": Field(shape=(2,)), "label": Field(shape=(), dtype="int32", low=0, high=self.modes - 1)},
        )

    def _centres(self) -> Array:
        if self.layout == "ring":
            angles = 2 * np.pi * np.arange(self.modes) / self.modes
            return self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        side = np.linspace(-self.radius, self.radius, math.isqrt(self.modes))
        return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
