"""Instance noise on the inputs of the discriminator."""

from __future__ import annotations

from dataclasses import dataclass

from ganzoo import PlayerName, Ramp, Random, Regularizer, Schedule, Step, Tensor

_FADING = Ramp(start=0.1, end=0.0, steps=1000)


@dataclass(frozen=True, kw_only=True)
class InstanceNoise(Regularizer):
    """Adds N(0, sigma^2) to both real and fake inputs of the discriminator (Sønderby 2017, arXiv 1610.04490).

    `sigma` is on the scale of the images, [-1, 1], and a function of the step; at 0 the inputs stay as they are. The
    generator's gradient passes through.
    """

    sigma: Schedule = _FADING

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        sigma = self.sigma(step.number)
        if sigma == 0:
            return images
        noise = rng.child(f"{comparison}/{'real' if real else 'fake'}").normal(tuple(images.shape), stddev=sigma)
        return images + noise.to(images.dtype)
