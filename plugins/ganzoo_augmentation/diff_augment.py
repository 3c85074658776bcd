"""Differentiable augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import MinLen

from ganzoo import PlayerName, Random, Regularizer, Step, Tensor
from ganzoo_augmentation.images import each, require_images, shifted, with_hole

Kind = Literal["color", "translation", "cutout"]

_SHIFT = 1 / 8
_HOLE = 1 / 2


@dataclass(frozen=True, kw_only=True)
class DiffAugment(Regularizer):
    """Changes every real and every fake that the discriminator sees, in both updates (DiffAugment, arXiv 2006.10738).

    `policy` names what is done, in this order: "color" (brightness by U(-0.5, 0.5), saturation times U(0, 2), contrast
    times U(0.5, 1.5)), "translation" (up to 1/8 of each side, zeros come in) and "cutout" (a rectangle of half of each
    side becomes zero). Each image has draws of its own; the generator's gradient passes through. It helps where data
    are few.
    """

    policy: Annotated[tuple[Kind, ...], MinLen(1)] = ("color", "translation", "cutout")

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        require_images(images, "diff_augment")
        changes = {"color": _coloured, "translation": _translated, "cutout": _cut}
        for kind in self.policy:
            images = changes[kind](images, rng)
        return images


def _coloured(images: Tensor, rng: Random) -> Tensor:
    count = len(images)
    images = images + each(count, rng, -0.5, 0.5)
    grey = images.mean(dim=3, keepdim=True)
    images = (images - grey) * each(count, rng, 0.0, 2.0) + grey
    level = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - level) * each(count, rng, 0.5, 1.5) + level


def _translated(images: Tensor, rng: Random) -> Tensor:
    count, height, width, _ = images.shape
    most = [int(side * _SHIFT + 0.5) for side in (height, width)]
    down, right = (rng.integers((count,), -limit, limit + 1) for limit in most)
    return shifted(images, down, right)


def _cut(images: Tensor, rng: Random) -> Tensor:
    count, height, width, _ = images.shape
    tall, wide = (int(side * _HOLE + 0.5) for side in (height, width))
    # the centre is anywhere in the image
    top = rng.integers((count,), 0, height + (1 - tall % 2)) - tall // 2
    left = rng.integers((count,), 0, width + (1 - wide % 2)) - wide // 2
    return with_hole(images, tall, wide, top, left)
