"""What each task is given of a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganzoo import Array, DataError, images, sources

TaskName = Literal["super_resolution", "inpainting", "denoising", "colourization", "style"]
MaskKind = Literal["boxes", "strokes"]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a generator is given: an image (uint8 RGB), and a mask that is 1 where it is missing (h, w, 1)."""

    image: Array
    mask: Array

    @classmethod
    def whole(cls, image: Array) -> Given:
        """Return an image of which nothing is missing."""
        return cls(image=image, mask=np.zeros((*image.shape[:2], 1), np.uint8))

    @classmethod
    def without(cls, image: Array, mask: Array) -> Given:
        """Return an image that is mid-grey where the mask says that it is missing."""
        return cls(image=np.where(mask > 0, np.uint8(128), image), mask=mask)


def given_for(
    task: TaskName, photograph: Array, rng: np.random.Generator, *, scale: int, noise: float, masks: MaskKind
) -> Given:
    """Return what a task is given in place of a photograph (uint8 RGB), whose sides are multiples of `scale`."""
    height, width = photograph.shape[:2]
    if task == "super_resolution":
        return Given.whole(images.resize_bicubic(photograph, (height // scale, width // scale)))
    if task == "inpainting":
        draw = sources.box_mask if masks == "boxes" else sources.stroke_mask
        return Given.without(photograph, draw(height, width, rng))
    if task == "denoising":
        return Given.whole(noisy(photograph, noise, rng))
    if task == "colourization":
        return Given.whole(np.repeat(images.grey(photograph), 3, axis=2))
    return Given.whole(photograph)


def noisy(photograph: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Return a photograph with Gaussian noise of this deviation in levels of 255, rounded as files have it."""
    found: Array = np.clip(np.rint(photograph + rng.normal(0, deviation, photograph.shape)), 0, 255).astype(np.uint8)
    return found


def unusable(shape: Sequence[int], smallest: int) -> str | None:
    """Return why an image of this shape cannot be used; None where it can."""
    if reason := images.not_rgb(shape):
        return reason
    if min(shape[:2]) < smallest:
        return f"the image is {shape[1]}x{shape[0]}, but {smallest}x{smallest} pixels are needed; leave it out"
    return None


def cropped(image: Array, side: int, corner: Sequence[float]) -> Array:
    """Return a square; `corner` is where in [0, 1) the free play of each axis is used. DataError for small images."""
    if reason := unusable(image.shape, side):
        raise DataError(reason)
    return images.cut_square(image, side, corner)
