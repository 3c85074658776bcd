"""Crops of photographs, and their low resolution partners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzoo import Array, DataError, Example, images


def pair_of(example: Example, scale: int, *, crop: int = 1) -> tuple[Array | None, Array]:
    """Return (lr or None, hr) of an example, hr cut to a multiple of the scale.

    DataError when hr is not RGB, smaller than the crop or than one low resolution pixel, or when the sizes disagree.
    """
    hr = example["hr"] if "hr" in example else example["image"]
    if reason := unusable(hr.shape, scale, crop):
        raise DataError(reason)
    height, width = (side // scale for side in hr.shape[:2])
    hr = hr[: height * scale, : width * scale]
    lr = example.get("lr")
    if lr is not None and lr.shape[:2] != (height, width):
        raise DataError(
            f"the low resolution image is {_size(lr)}, but {_size(hr)} at scale {scale} needs {width}x{height}"
        )
    return lr, hr


def unusable(shape: Sequence[int], scale: int, crop: int) -> str | None:
    """Return why an image of this shape cannot be used: not RGB, or too small; None where it can."""
    if reason := images.not_rgb(shape):
        return reason
    size = f"{shape[1]}x{shape[0]}"
    if min(shape[:2]) < scale:
        return f"the image is {size}, but scale {scale} needs {scale}x{scale} pixels at least"
    if min(shape[:2]) < crop:
        fitting = min(shape[:2]) // scale * scale
        return (
            f"the image is {size}, but task.crop is {crop}; leave it out, or lower the crop: --set task.crop={fitting}"
        )
    return None


def shrunk(hr: Array, side: int, factor: float, play: Sequence[float]) -> Array:
    """Return a square of a photograph made smaller by `factor`, `side` pixels large; not by so much that none is left.

    `play` says where the square lies, as for `corner_of`.
    """
    whole = min(round(side / factor), *hr.shape[:2])
    if whole <= side:
        return hr
    return images.resize_bicubic(images.cut_square(hr, whole, play), (side, side))


def corner_of(hr: Array, scale: int, side: int, play: Sequence[float]) -> tuple[int, int]:
    """Return (top, left) in low resolution pixels of a crop of `side` pixels.

    `play` says where between the first place (0) and the last one (below 1).
    """
    top, left = (
        int(part * (length // scale - side // scale + 1)) for part, length in zip(play, hr.shape[:2], strict=True)
    )
    return top, left


def cut(image: Array, corner: tuple[int, int], side: int, scale: int = 1) -> Array:
    """Return the crop of `side` pixels at `corner`, which is given in units of `scale` pixels."""
    top, left = (place * scale for place in corner)
    return image[top : top + side, left : left + side]


def surroundings(
    hr: Array, corner: tuple[int, int], side: int, scale: int, margin: int
) -> tuple[Array, tuple[int, int]]:
    """Return the crop with at least `margin` pixels more on each side, and its corner in there.

    Less where the photograph ends. Corners are in low resolution pixels.
    """
    more = -(-margin // scale)
    top, left = (max(place - more, 0) for place in corner)
    bottom, right = (place + side // scale + more for place in corner)
    return hr[top * scale : bottom * scale, left * scale : right * scale], (corner[0] - top, corner[1] - left)


def turned(image: Array, quarter_turns: int, mirrored: bool) -> Array:
    """Return the image rotated by quarter turns and mirrored, as contiguous memory."""
    rotated = np.rot90(image, quarter_turns)
    return np.ascontiguousarray(rotated[:, ::-1] if mirrored else rotated)


def _size(image: Array) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
