"""The regularization of LeCam-GAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Lt

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


class LeCam(Regularizer):
    """Keeps logits near the moving averages of the other side (LeCam-GAN, arXiv 2104.03310).

    E max(0, D(real) - mean of D(fake))^2 + E max(0, mean of D(real) - D(fake))^2. The means are exponential moving
    averages with `decay`, corrected for their start at 0; they include the current batch. The maximum with 0 is that of
    the authors' code; the paper's formula is without. Their weight is 0.3 for CIFAR-10.
    """

    def __init__(self, *, decay: Annotated[float, Ge(0), Lt(1)] = 0.99) -> None:
        self.decay = decay

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        if len(comparisons) > 1:
            known = ", ".join(f"'{name}'" for name in comparisons)
            raise RecipeError(f"lecam follows the logits of one comparison; set on to one of {known}")
        self._real, self._fake, self._total = (keras.Variable(0.0, trainable=False) for _ in range(3))

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        import torch

        real, fake = (
            torch.cat([logits.float().flatten() for logits in logit_maps(side)]) for side in (judged.real, judged.fake)
        )
        with torch.no_grad():
            for average, value in ((self._real, real.mean()), (self._fake, fake.mean()), (self._total, 1.0)):
                average.value.data.mul_(self.decay).add_((1 - self.decay) * value)
            mean_real, mean_fake = (average.value / self._total.value for average in (self._real, self._fake))
        penalty: Tensor = (real - mean_fake).relu().square().mean() + (mean_real - fake).relu().square().mean()
        return penalty

    def state(self) -> Mapping[str, Variable]:
        return {"real": self._real, "fake": self._fake, "total": self._total}
