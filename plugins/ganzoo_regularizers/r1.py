"""R1, the zero-centred gradient penalty at real examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from ganzoo import Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.input_gradients import input_gradients


@dataclass(frozen=True, kw_only=True)
class R1(Regularizer):
    """Penalises gradients at real examples: gamma / 2 * E ||gradient||^2 (Mescheder 2018, arXiv 1801.04406).

    Squares are summed over all values of an image and averaged over the batch. With `interval = 16` in the recipe it
    is the lazy regularization of StyleGAN2.
    """

    per_sample: ClassVar[bool] = True

    gamma: Annotated[float, Ge(0)] = 10.0

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        gradients = input_gradients(judged.comparison.outputs, judged.comparison.real)
        return self.gamma / 2 * gradients.square().sum(dim=1).mean()
