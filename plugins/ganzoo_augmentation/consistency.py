"""Consistency regularization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganzoo import Random, Regularizer, Step, Tensor, Verdict, logit_maps
from ganzoo_augmentation.images import flipped, reflected_shift, require_images

_SHIFT = 1 / 8


@dataclass(frozen=True, kw_only=True)
class Consistency(Regularizer):
    """Penalises that a flip or a shift changes the discriminator's logit (CR-GAN, arXiv 1910.12027).

    E (D(x) - D(T(x)))^2 over reals, where T mirrors half of the images and moves each by up to 1/8 of its sides, with
    reflection. With `fakes` the same over fakes is added (bCR-GAN, arXiv 2002.04724). The papers give it the weight 10.
    """

    fakes: bool = False

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        comparison = judged.comparison
        require_images(comparison.real, "consistency")
        penalty = _difference(judged.real, comparison.outputs(_moved(comparison.real, rng)))
        if self.fakes:
            penalty = penalty + _difference(judged.fake, comparison.fake_outputs(_moved(comparison.fake, rng)))
        return penalty


def _moved(images: Tensor, rng: Random) -> Tensor:
    count, height, width, _ = images.shape
    images = flipped(images.detach(), rng.uniform((count,)) < 0.5)
    down, right = (rng.integers((count,), -int(side * _SHIFT), int(side * _SHIFT) + 1) for side in (height, width))
    return reflected_shift(images, down, right)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Tensor:
    import torch

    pairs = zip(logit_maps(before), logit_maps(after), strict=True)
    return torch.stack([(one.float() - other.float()).square().mean() for one, other in pairs]).sum()
