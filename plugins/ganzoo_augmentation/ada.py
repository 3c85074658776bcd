"""Adaptive discriminator augmentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

from ganzoo import (
    Comparison,
    Player,
    PlayerName,
    Random,
    RecipeError,
    Regularizer,
    Step,
    Tensor,
    Variable,
    Verdict,
    logit_maps,
)
from ganzoo_augmentation.images import require_images
from ganzoo_augmentation.pipe import augmented


class ADA(Regularizer):
    """Augments reals and fakes with a probability that follows how much the discriminator overfits (arXiv 2006.06676).

    Each change of the paper's pipeline "bgc" (mirror, quarter turns, shift; scale, rotation, stretch, fraction of a
    shift; brightness, contrast, luma flip, hue, saturation) is applied to an image with probability p. After every
    `every` updates of the discriminator, p rises where the mean sign of its logits for reals is above `target`, and
    falls otherwise, by batch * every / (`speed` * 1000), between 0 and 1. Both players see augmented images, and the
    generator's gradient passes through. Images are resampled once, bilinearly with reflection, without the paper's
    wavelet filter. p is in the log as `p`.
    """

    def __init__(
        self,
        *,
        target: Annotated[float, Gt(0), Lt(1)] = 0.6,
        speed: Annotated[float, Gt(0)] = 500.0,
        every: Annotated[int, Ge(1)] = 4,
        start: Annotated[float, Ge(0), Le(1)] = 0.0,
    ) -> None:
        self.target, self.speed, self.every, self.start = target, speed, every, start

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        if len(comparisons) > 1:
            known = ", ".join(f"'{name}'" for name in comparisons)
            raise RecipeError(f"ada follows the logits of one comparison; set on to one of {known}")
        self._p = keras.Variable(self.start, trainable=False)
        self._signs = keras.Variable(0.0, trainable=False)
        with keras.device("cpu"):  # read at each update, which must not wait for a GPU
            self._updates = keras.Variable(0, dtype="int32", trainable=False)

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        require_images(images, "ada")
        return augmented(images, self._p.value.detach(), rng)

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        if player.name != "discriminator":
            return
        import torch

        (verdict,) = judged.values()
        logits = torch.cat([each.flatten() for each in logit_maps(verdict.real)])
        signs = self._signs.value.data.add_(logits.sign().mean() / self.every)
        if int(self._updates.value.data.add_(1)) % self.every == 0:
            change = (signs - self.target).sign() * (len(verdict.comparison.real) * self.every / (self.speed * 1000))
            self._p.value.data.add_(change).clamp_(0, 1)
            signs.zero_()

    def state(self) -> Mapping[str, Variable]:
        return {"p": self._p, "signs": self._signs, "updates": self._updates}

    def report(self) -> Mapping[str, Tensor | float]:
        return {"p": self._p.value}
