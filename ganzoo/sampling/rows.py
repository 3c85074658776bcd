"""Rows of batches as one picture, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganzoo.sampling.drawing import can_draw, draw, draw_columns
from ganzoo.sampling.examples import to_edge

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_IMAGE_AXES = 3
#: So wide at least is a column, for its name.
_NARROWEST = 96


def draw_rows(fields: Mapping[str, Sequence[Array]]) -> Array | None:
    """Return one uint8 picture of the values of each field, or None where none can be drawn.

    A column for each field of images, below its name, and a row for each example; small images are enlarged by whole
    factors to stand beside large ones. Where there are no images, the first field of points in a scatter plot.
    """
    columns = {name: [to_edge(each[None])[0] for each in values] for name, values in fields.items() if _images(values)}
    if columns:
        return _side_by_side(columns)
    points = (np.stack(list(values)) for values in fields.values() if len({each.shape for each in values}) == 1)
    return next((draw(values) for values in points if can_draw(values)), None)


def _images(values: Sequence[Array]) -> bool:
    return len(values) > 0 and all(each.ndim == _IMAGE_AXES and can_draw(each[None]) for each in values)


def _side_by_side(columns: Mapping[str, Sequence[Array]]) -> Array:
    every = [image for column in columns.values() for image in column]
    height, width = (max(image.shape[axis] for image in every) for axis in (0, 1))
    factor = -(-_NARROWEST // width)
    side = height * factor, width * factor
    return draw_columns((name, [_cell(image, side) for image in column]) for name, column in columns.items())


def _cell(image: Array, side: tuple[int, int]) -> Array:
    """Return an image enlarged by a whole factor as far as it fits, on white."""
    factor = min(side[0] // image.shape[0], side[1] // image.shape[1])
    large = image.repeat(factor, axis=0).repeat(factor, axis=1)
    cell = np.full((*side, 3), 255, np.uint8)
    cell[: large.shape[0], : large.shape[1]] = large
    return cell
