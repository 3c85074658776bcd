"""Masks of the part of an image that is missing: 1 where it is, (height, width, 1) uint8.

All randomness comes from the generator that is given: in a task's `prepare` that is `context.rng`.
"""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_STROKES = (1, 4)
_POINTS = (4, 12)
_DEVIATION = (2 * pi / 5 - 2 * pi / 15, 2 * pi / 5 + 2 * pi / 15)


def box_mask(height: int, width: int, rng: np.random.Generator, *, sides: tuple[float, float] = (0.25, 0.5)) -> Array:
    """Return a rectangle somewhere inside, each side a fraction of the image's, drawn uniformly from `sides`."""
    _check_range("sides", sides)
    mask = np.zeros((height, width, 1), np.uint8)
    (top, bottom), (left, right) = _span(height, sides, rng), _span(width, sides, rng)
    mask[top:bottom, left:right] = 1
    return mask


def stroke_mask(
    height: int, width: int, rng: np.random.Generator, *, brush: tuple[float, float] = (0.047, 0.156)
) -> Array:
    """Return one to four strokes of a brush (free-form masks; Yu 2019, arXiv 1806.03589).

    The diameter of the brush is drawn from `brush`, in fractions of the shorter side (12 to 40 pixels of 256 in the
    paper). A stroke is a zigzag of 4 to 12 points along a random direction, from which its parts deviate by 48 to 96
    degrees, to both sides by turns; their mean length is an eighth of the diagonal.
    """
    _check_range("brush", brush)
    drawn = Image.new("L", (width, height))
    for _ in range(rng.integers(*_STROKES, endpoint=True)):
        diameter = max(1, round(min(height, width) * rng.uniform(*brush)))
        _draw(ImageDraw.Draw(drawn), _points(height, width, rng), diameter)
    return np.array(drawn)[:, :, None]


def _span(length: int, sides: tuple[float, float], rng: np.random.Generator) -> tuple[int, int]:
    side = max(1, round(length * rng.uniform(*sides)))
    start = int(rng.integers(length - side, endpoint=True))
    return start, start + side


def _points(height: int, width: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return the points of a zigzag, kept inside the image."""
    reach, direction = hypot(height, width) / 8, rng.uniform(0, 2 * pi)
    x, y = rng.uniform(0, width - 1), rng.uniform(0, height - 1)
    found = [(x, y)]
    for number in range(rng.integers(*_POINTS, endpoint=True) - 1):
        angle = direction + rng.uniform(*_DEVIATION) * (1 if number % 2 else -1)
        length = float(np.clip(rng.normal(reach, reach / 2), 0, 2 * reach))
        x = float(np.clip(x + length * cos(angle), 0, width - 1))
        y = float(np.clip(y + length * sin(angle), 0, height - 1))
        found.append((x, y))
    return found


def _draw(canvas: ImageDraw.ImageDraw, points: list[tuple[float, float]], diameter: int) -> None:
    canvas.line(points, fill=1, width=diameter)
    radius = diameter / 2
    for x, y in points:
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)


def _check_range(name: str, limits: tuple[float, float]) -> None:
    low, high = limits
    if not 0 < low <= high <= 1:
        raise ValueError(f"{name} must be a range within (0, 1], received {limits}")
