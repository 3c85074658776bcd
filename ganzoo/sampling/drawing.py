"""Samples as one picture: images in a grid, points in a scatter plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images
from ganzoo.sampling.examples import to_edge
from ganzoo.sampling.labels import labelled
from ganzoo.sampling.scatter import scatter_plot

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_IMAGE_BATCH, _POINT_BATCH = 4, 2


def can_draw(samples: Array) -> bool:
    """Return whether a batch can be drawn: images of 1 or 3 channels, or points of at least two coordinates."""
    if samples.ndim == _IMAGE_BATCH:
        return samples.shape[-1] in (1, 3)
    return samples.ndim == _POINT_BATCH and samples.shape[-1] > 1 and samples.dtype.kind == "f"


def draw(samples: Array, *, columns: int | None = None) -> Array:
    """Return one uint8 picture (H x W x 3) of a batch; images are uint8, or floats in [-1, 1].

    A grid of images has `columns`, about as many as rows by default.
    """
    return (
        images.grid(list(to_edge(samples)), columns=columns) if samples.ndim == _IMAGE_BATCH else scatter_plot(samples)
    )


def draw_beside_reals(samples: Array, reals: Array) -> Array:
    """Return one uint8 picture of samples with reals to compare: a row above a grid, both named, or grey points."""
    if samples.ndim == _IMAGE_BATCH:
        return draw_named({"real": reals, "generated": samples}, columns=len(reals))
    return scatter_plot(samples, reals)


def draw_columns(columns: Iterable[tuple[str, Sequence[Array]]]) -> Array:
    """Return one uint8 picture of columns of images (uint8, all of one size), side by side, each below its name."""
    named = [labelled(images.grid(column, columns=1), name) for name, column in columns]
    height = max(len(each) for each in named)
    filled = [np.pad(each, ((0, height - len(each)), (0, 0), (0, 0)), constant_values=255) for each in named]
    return images.grid(filled, columns=len(filled))


def draw_named(parts: Mapping[str, Array], *, columns: int) -> Array:
    """Return one uint8 picture of batches of images, one grid below the other, each below its name."""
    grids = {name: images.grid(list(to_edge(part)), columns=columns) for name, part in parts.items()}
    return np.concatenate([labelled(grid, name) for name, grid in grids.items()])
