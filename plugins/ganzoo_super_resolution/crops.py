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
    if tuple(shape[2:]) != (3,):
        return f"the image has {'x'.join(map(str, shape[2:])) or 1} channels, expected 3 (RGB)"
    size = f"{shape[1]}x{shape[0]}"
    if min(shape[:2]) < scale:
        return f"the image is {size}, but scale {scale} needs {scale}x{scale} pixels at least"
    if min(shape[:2]) < crop:
        fitting = min(shape[:2]) // scale * scale
        return (
            f"the image is {size}, but task.crop is {crop}; leave it out, or lower the crop: --set task.crop={fitting}"
        )
    return None


def low_resolution(lr: Array | None, hr: Array, scale: int) -> Array:
    """Return the low resolution image, by bicubic interpolation where the data have none."""
    return images.resize_bicubic(hr, (hr.shape[0] // scale, hr.shape[1] // scale)) if lr is None else lr


def crop(lr: Array | None, hr: Array, scale: int, side: int, corner: tuple[float, float]) -> tuple[Array, Array]:
    """Return aligned (lr, hr) crops, hr of `side` pixels; `corner` is where in [0, 1) the free play is used."""
    small = side // scale
    top, left = (int(place * (length // scale - small + 1)) for place, length in zip(corner, hr.shape[:2], strict=True))
    hr = hr[top * scale : top * scale + side, left * scale : left * scale + side]
    lr = None if lr is None else lr[top : top + small, left : left + small]
    return low_resolution(lr, hr, scale), hr


def turned(image: Array, quarter_turns: int, mirrored: bool) -> Array:
    """Return the image rotated by quarter turns and mirrored, as contiguous memory."""
    rotated = np.rot90(image, quarter_turns)
    return np.ascontiguousarray(rotated[:, ::-1] if mirrored else rotated)


def _size(image: Array) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
