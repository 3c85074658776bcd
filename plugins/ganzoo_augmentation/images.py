"""Differentiable changes of images (n, h, w, c) in [-1, 1], one draw for each image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganzoo import Random, RecipeError

if TYPE_CHECKING:
    from ganzoo import Tensor

_IMAGE_AXES = 4


def require_images(images: Tensor, regularizer: str) -> None:
    """Raise RecipeError for anything but images."""
    if images.ndim != _IMAGE_AXES:
        raise RecipeError(f"{regularizer} changes images (height x width x channels), not {images.ndim - 1} axes")


def each(count: int, rng: Random, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return one uniform number for each image, to be broadcast over it."""
    return rng.uniform((count, 1, 1, 1), low, high)


def shifted(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Return images moved by whole pixels (n,) down and to the right; what comes in is 0."""
    import torch

    count, height, width, _ = images.shape
    rows = torch.arange(height, device=images.device) - down[:, None]
    columns = torch.arange(width, device=images.device) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    number = torch.arange(count, device=images.device)[:, None, None]
    moved = images[number, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]]
    return moved * inside[..., None].to(images.dtype)


def reflected_shift(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Return images moved by whole pixels (n,); what comes in is the image reflected at its border."""
    import torch

    count, height, width, _ = images.shape
    rows = _reflected(torch.arange(height, device=images.device) - down[:, None], height)
    columns = _reflected(torch.arange(width, device=images.device) - right[:, None], width)
    number = torch.arange(count, device=images.device)[:, None, None]
    return images[number, rows[:, :, None], columns[:, None, :]]


def flipped(images: Tensor, which: Tensor) -> Tensor:
    """Return images mirrored from left to right where `which` (n,) is true."""
    import torch

    return torch.where(which[:, None, None, None], images.flip(2), images)


def with_hole(images: Tensor, height: int, width: int, top: Tensor, left: Tensor) -> Tensor:
    """Return images with zeros in a rectangle that begins at these pixels (n,), which may lie outside."""
    import torch

    rows = torch.arange(images.shape[1], device=images.device) - top[:, None]
    columns = torch.arange(images.shape[2], device=images.device) - left[:, None]
    hole = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    return images * (~hole)[..., None].to(images.dtype)


def _reflected(places: Tensor, side: int) -> Tensor:
    """Return places mirrored at the first and the last pixel, which are not repeated."""
    return (side - 1) - ((places.abs() % max(2 * side - 2, 1)) - (side - 1)).abs()
