"""Points in the plane as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.sampling.labels import font

_SIDE = 400

#: Drawn this much larger and scaled down, as Pillow's circles have no smooth edges.
_OVERSAMPLING = 3

_RADIUS = 2.5
_PAPER = (255, 255, 255)
_GRID = (236, 238, 241)
_FRAME = (196, 200, 206)
_REAL = (110, 118, 129, 90)
_FAKE = (222, 82, 46, 140)
_LEGEND = (("real", (110, 118, 129)), ("generated", (222, 82, 46)))
_LEGEND_SIZE = 14


def scatter_plot(fakes: NDArray[Any], reals: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    """Return a picture (400 x 400 x 3) of the first two values of each point: reals grey, fakes in colour, both named.

    Its limits are those of the reals (of the fakes where there are none), so that they stand still over a run; fakes
    beyond them are drawn at the edge, those that are not finite not at all.
    """
    from PIL import Image, ImageDraw

    size = _SIDE * _OVERSAMPLING
    image = Image.new("RGB", (size, size), _PAPER)
    draw = ImageDraw.Draw(image, "RGBA")
    _draw_frame(draw, size)
    low, span = _limits(fakes if reals is None else reals)
    for points, colour in ((reals, _REAL), (fakes, _FAKE)):
        if points is not None:
            _draw_points(draw, (points[:, :2] - low) / span, size, colour)
    if reals is not None:
        _draw_legend(draw)
    return np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS))


def _limits(points: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Return the corner and the side of the square that holds the points with a margin."""
    plane = points[np.isfinite(points).all(axis=1), :2].astype(np.float64)
    if len(plane) == 0:
        return np.zeros(2), 1.0
    low, high = plane.min(axis=0), plane.max(axis=0)
    span = 1.3 * float((high - low).max()) or 1.0
    return (low + high) / 2 - span / 2, span


def _draw_frame(draw: Any, size: int) -> None:
    for share in (0.25, 0.5, 0.75):
        position = round(size * share)
        draw.line([(position, 0), (position, size)], fill=_GRID, width=_OVERSAMPLING)
        draw.line([(0, position), (size, position)], fill=_GRID, width=_OVERSAMPLING)
    draw.rectangle([0, 0, size - 1, size - 1], outline=_FRAME, width=_OVERSAMPLING)


def _draw_legend(draw: Any) -> None:
    """Name both kinds of points in a corner that the margin keeps free."""
    line = 1.4 * _LEGEND_SIZE * _OVERSAMPLING
    for row, (name, colour) in enumerate(_LEGEND):
        place = (_LEGEND_SIZE * _OVERSAMPLING, line * (row + 1))
        draw.text(place, name, fill=colour, font=font(_LEGEND_SIZE * _OVERSAMPLING), anchor="lm")


def _draw_points(draw: Any, places: NDArray[Any], size: int, colour: tuple[int, ...]) -> None:
    radius = _RADIUS * _OVERSAMPLING
    visible = places[np.isfinite(places).all(axis=1)]
    for across, up in visible.clip(0.0, 1.0).tolist():
        # rows of a picture count downwards, the second coordinate of a point upwards
        x, y = radius + across * (size - 2 * radius), radius + (1 - up) * (size - 2 * radius)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
