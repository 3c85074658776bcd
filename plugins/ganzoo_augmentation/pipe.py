"""The changes of ADA (arXiv 2006.06676): an image's geometry in one resampling, its colours in one matrix.

Coordinates are in [-1, 1] over the image. Each change is on for an image with probability p.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ganzoo import Random

if TYPE_CHECKING:
    from ganzoo import Tensor

#: The strengths of the paper: log2 of scales, parts of the image, radians, levels of [-1, 1] images.
_SCALE, _STRETCH, _SHIFT, _FRACTION = 0.2, 0.2, 0.125, 0.125
_BRIGHTNESS, _CONTRAST, _SATURATION = 0.2, 0.5, 1.0
_RGB = 3


def augmented(images: Tensor, p: Tensor, rng: Random) -> Tensor:
    """Return images (n, h, w, c), each changed by its own draws; each change is on with probability `p`."""
    return _recoloured(_moved(images, geometry(len(images), p, rng)), colours(len(images), images.shape[3], p, rng))


def geometry(count: int, p: Tensor, rng: Random) -> Tensor:
    """Return where each place of the result lies in the image, as matrices (n, 3, 3) of (x, y, 1)."""
    import torch

    def chosen(values: Tensor, neutral: float = 0.0, probability: Tensor = p) -> Tensor:
        return torch.where(rng.uniform((count,)) < probability, values, torch.full_like(values, neutral))

    one = torch.ones(count, device=p.device)
    mirror = chosen(1 - 2 * rng.integers((count,), 0, 2).float(), 1.0)
    matrix = _scaling(mirror, one)
    matrix = matrix @ _rotation(chosen(rng.integers((count,), 0, 4) * (math.pi / 2)))
    matrix = matrix @ _translation(*(2 * chosen(rng.uniform((count,), -_SHIFT, _SHIFT)) for _ in range(2)))
    scale = chosen(2 ** rng.normal((count,), stddev=_SCALE), 1.0)
    matrix = matrix @ _scaling(scale, scale)
    # two rotations around the stretch are on with p together
    turning = 1 - (1 - p).sqrt()
    matrix = matrix @ _rotation(chosen(rng.uniform((count,), -math.pi, math.pi), 0.0, turning))
    stretch = chosen(2 ** rng.normal((count,), stddev=_STRETCH), 1.0)
    matrix = matrix @ _scaling(stretch, 1 / stretch)
    matrix = matrix @ _rotation(chosen(rng.uniform((count,), -math.pi, math.pi), 0.0, turning))
    return matrix @ _translation(*(2 * chosen(rng.normal((count,), stddev=_FRACTION)) for _ in range(2)))


def colours(count: int, channels: int, p: Tensor, rng: Random) -> Tensor:
    """Return matrices (n, c, c + 1) from colours to colours, the last column an offset; grey has no hue to turn."""
    import torch

    def chosen(values: Tensor, neutral: float) -> Tensor:
        return torch.where(rng.uniform((count,)) < p, values, torch.full_like(values, neutral))

    brightness = chosen(rng.normal((count,), stddev=_BRIGHTNESS), 0.0)
    contrast = chosen(2 ** rng.normal((count,), stddev=_CONTRAST), 1.0)
    identity = torch.eye(channels, device=p.device).expand(count, -1, -1)
    matrix = contrast[:, None, None] * identity
    offset = (contrast * brightness)[:, None, None].expand(-1, channels, 1)
    if channels != _RGB:
        return torch.cat([matrix, offset], dim=2)
    grey = torch.full((channels, channels), 1 / channels, device=p.device)
    flip = chosen(rng.integers((count,), 0, 2).float(), 0.0)[:, None, None]
    turned = _around_grey(chosen(rng.uniform((count,), -math.pi, math.pi), 0.0))
    saturation = chosen(2 ** rng.normal((count,), stddev=_SATURATION), 1.0)[:, None, None]
    change = (grey + (identity - grey) * saturation) @ turned @ (identity - 2 * grey * flip)
    return torch.cat([change @ matrix, change @ offset], dim=2)


def _moved(images: Tensor, matrices: Tensor) -> Tensor:
    from torch.nn.functional import affine_grid, grid_sample

    planes = images.movedim(-1, 1)
    _, _, height, width = planes.shape
    # a rotation keeps angles in pixels, not in parts of the sides
    aspect = matrices.new_tensor([[1.0, height / width, 1.0], [width / height, 1.0, 1.0]])
    grid = affine_grid((matrices[:, :2] * aspect).to(planes.dtype), list(planes.shape), align_corners=False)
    moved = grid_sample(planes, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return moved.movedim(1, -1)


def _recoloured(images: Tensor, matrices: Tensor) -> Tensor:
    matrices = matrices.to(images.dtype)
    turned: Tensor = images.flatten(1, 2) @ matrices[:, :, :-1].transpose(1, 2) + matrices[:, None, :, -1]
    return turned.reshape(images.shape)


def _scaling(x: Tensor, y: Tensor) -> Tensor:
    import torch

    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return torch.stack([x, zero, zero, zero, y, zero, zero, zero, one], dim=1).reshape(-1, 3, 3)


def _translation(x: Tensor, y: Tensor) -> Tensor:
    import torch

    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return torch.stack([one, zero, x, zero, one, y, zero, zero, one], dim=1).reshape(-1, 3, 3)


def _rotation(angle: Tensor) -> Tensor:
    import torch

    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], dim=1).reshape(-1, 3, 3)


def _around_grey(angle: Tensor) -> Tensor:
    """Return rotations of RGB around the grey axis by these angles (Rodrigues)."""
    import torch

    part = 1 / math.sqrt(_RGB)
    axis = torch.tensor([[0.0, -part, part], [part, 0.0, -part], [-part, part, 0.0]], device=angle.device)
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return torch.eye(_RGB, device=angle.device) + sine * axis + (1 - cosine) * (axis @ axis)
