"""Pictures of samples: a grid of images or a scatter plot of points."""

from __future__ import annotations

from ganzoo import Array, images
from ganzoo_generation.scatter import scatter_plot


def draw(samples: Array) -> Array:
    """Return one uint8 picture (H x W x 3) of a batch of samples."""
    return images.grid(list(samples)) if samples.ndim == 4 else scatter_plot(samples)


def draw_beside_reals(samples: Array, reals: Array) -> Array:
    """Return one uint8 picture of samples with reals to compare: a first row of a grid, or grey points."""
    if samples.ndim == 4:
        return images.grid([*reals, *samples], columns=len(reals))
    return scatter_plot(samples, reals)
