"""Samples as one picture: images in a grid, points in a scatter plot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import images
from ganzoo_generation.scatter import scatter_plot


def draw(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return one uint8 picture (H x W x 3) of a batch of samples."""
    return images.grid(list(samples)) if samples.ndim == 4 else scatter_plot(samples)


def draw_beside_reals(samples: NDArray[Any], reals: NDArray[Any]) -> NDArray[np.uint8]:
    """Return one uint8 picture of samples with reals to compare: a first row of a grid, or grey points."""
    if samples.ndim == 4:
        return images.grid([*reals, *samples], columns=len(reals))
    return scatter_plot(samples, reals)
