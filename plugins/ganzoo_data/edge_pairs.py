from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from annotated_types import Gt, Le

from ganzoo import Array, Dataset, Source, images
from ganzoo_data.derived import DerivedInput, open_photographs
from ganzoo_data.edges import edges


@dataclass(frozen=True, kw_only=True)
class EdgePairs(Dataset):
    """Photographs of other data and their edges: fields `input`, 0 and 255 in one channel, and `target`, RGB uint8.

    For `paired_translation` to paint from drawings. Edges are those of Canny's detector on the brightness, smoothed by
    a Gaussian of `sigma` pixels: ridges of the gradient that reach `low` and touch one that reaches `high`. Gradients
    are in brightness, 0 to 1, for each pixel.
    """

    of: Dataset
    sigma: Annotated[float, Gt(0)] = 2.0
    low: Annotated[float, Gt(0), Le(1)] = 0.02
    high: Annotated[float, Gt(0), Le(1)] = 0.05

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low must be at most high, but {self.low} is more than {self.high}")

    def open(self) -> Source:
        make = partial(_drawing, sigma=self.sigma, low=self.low, high=self.high)
        about = f"edges {self.sigma} {self.low} {self.high}"
        return DerivedInput(open_photographs(self.of, "edge_pairs"), make, about)


def _drawing(image: Array, **options: float) -> Array:
    return edges(images.grey(image)[..., 0] / 255, **options)[..., None].astype(np.uint8) * 255
