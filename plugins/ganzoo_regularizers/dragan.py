"""The gradient penalty of DRAGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from ganzoo import Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.input_gradients import input_gradients

#: Keeps the square root differentiable where the gradient vanishes.
_EPSILON = 1e-12


@dataclass(frozen=True, kw_only=True)
class DRAGAN(Regularizer):
    """Penalises a gradient norm other than `target` around real examples (Kodali 2017, arXiv 1705.07215).

    Mean over the batch of (norm - target)^2 at x + a * spread * std(x) * u, with one share `a` from U(0, 1) for each
    example, u from U(0, 1) for each value, and std that of the whole batch, as in the authors' code. The paper gives it
    the weight 10.
    """

    per_sample: ClassVar[bool] = True

    target: Annotated[float, Ge(0)] = 1.0
    spread: Annotated[float, Gt(0)] = 0.5

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        real = judged.comparison.real.detach().float()
        noise = self.spread * real.std() * rng.uniform(tuple(real.shape))
        share = rng.uniform((len(real), *(1 for _ in real.shape[1:])))
        gradients = input_gradients(judged.comparison.outputs, real + share * noise)
        norms = (gradients.square().sum(dim=1) + _EPSILON).sqrt()
        return (norms - self.target).square().mean()
