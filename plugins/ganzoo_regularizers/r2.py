"""R2, the zero-centred gradient penalty at fakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from ganzoo import Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.input_gradients import input_gradients


@dataclass(frozen=True, kw_only=True)
class R2(Regularizer):
    """Penalises gradients at fakes: gamma / 2 * E ||gradient||^2 (Mescheder 2018, arXiv 1801.04406).

    Squares are summed over all values of an image and averaged over the batch, as in `r1`, with which R3GAN uses it.
    """

    per_sample: ClassVar[bool] = True

    gamma: Annotated[float, Ge(0)] = 10.0

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        gradients = input_gradients(judged.comparison.fake_outputs, judged.comparison.fake)
        return self.gamma / 2 * gradients.square().sum(dim=1).mean()
