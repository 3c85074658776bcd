"""Crops of images for training, and images as pictures show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganzoo import Array, DataError, Field, images

_IMAGE_AXES = 3
_RGB = 3


def channels_of(name: str, field: Field | None) -> int:
    """Return the channels of a field of uint8 images; DataError, naming the field, where it is none."""
    channels = field.shape[-1] if field is not None and len(field.shape) == _IMAGE_AXES else None
    if field is None or field.dtype != "uint8" or not isinstance(channels, int):
        raise DataError(
            f"needs images (height x width x channels, uint8) in field '{name}'; it is {field or 'missing'}"
        )
    return channels


def stretched(image: Array, side: int) -> Array:
    """Return an image as a square of this side, whatever its proportions, by antialiased bicubic interpolation."""
    planes = [images.resized(image[..., [plane]], (side, side), "stretch") for plane in range(image.shape[-1])]
    return np.concatenate(planes, axis=-1)


def as_network(image: Array, *, mirrored: bool) -> Array:
    """Return a uint8 image in [-1, 1], mirrored or not."""
    return images.to_float(np.ascontiguousarray(image[:, ::-1] if mirrored else image))


def too_small(shape: Sequence[int], side: int) -> str | None:
    """Return why no crop of this side can be taken from an image; None where it can."""
    if min(shape[:2]) >= side:
        return None
    return f"the image is {shape[1]}x{shape[0]}, but task.crop is {side}; lower it, or resize images: task.resize"


def multiple_of(crop_side: int) -> int:
    """Return the largest power of two that divides the crops: networks that take these take all its multiples."""
    return crop_side & -crop_side


def drawn(image: Array) -> Array:
    """Return an image in RGB, as pictures have it: of other than three channels, the mean."""
    if image.shape[-1] == _RGB:
        return image
    mean = np.rint(image.mean(axis=-1, keepdims=True)).astype(np.uint8)
    return np.repeat(mean, _RGB, axis=-1)


def like(image: Array, channels: int) -> Array | None:
    """Return an image with so many channels: grey repeated, or the brightness of colours; None where it has neither."""
    if image.shape[-1] == channels:
        return image
    if {image.shape[-1], channels} != {1, _RGB}:
        return None
    return images.grey(image) if channels == 1 else np.repeat(image, channels, axis=-1)
