"""The gradient penalty of WGAN-GP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from ganzoo import Comparison, Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.input_gradients import input_gradients

#: Keeps the square root differentiable where the gradient vanishes.
_EPSILON = 1e-12


@dataclass(frozen=True, kw_only=True)
class GradientPenalty(Regularizer):
    """Penalises a gradient norm other than `target` between real and fake (WGAN-GP, arXiv 1704.00028).

    Mean over the batch of (norm - target)^2 at one random mixture of each real with its fake; the norm is taken over
    all values of an image, of the sum of its logits. The paper gives it the weight 10 and a discriminator without batch
    normalization, as the penalty is one per image.
    """

    per_sample: ClassVar[bool] = True

    target: Annotated[float, Ge(0)] = 1.0

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        gradients = input_gradients(judged.comparison.outputs, _mixtures(judged.comparison, rng))
        norms = (gradients.square().sum(dim=1) + _EPSILON).sqrt()
        return (norms - self.target).square().mean()


def _mixtures(comparison: Comparison, rng: Random) -> Tensor:
    real, fake = comparison.real.detach().float(), comparison.fake.detach().float()
    share = rng.uniform((len(real), *(1 for _ in real.shape[1:])))
    return real + share * (fake - real)
