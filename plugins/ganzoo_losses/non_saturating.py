from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le

from ganzoo import AdversarialLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class NonSaturating(AdversarialLoss):
    """Cross-entropy of real against fake; the generator maximises log D(fake) (Goodfellow 2014, arXiv 1406.2661).

    Computed on logits: discriminator E softplus(-real) + E softplus(fake), generator E softplus(-fake), each at least
    0. A `real_label` below 1 smooths the real target only, never the fake one (Salimans 2016, arXiv 1606.03498).
    """

    real_label: Annotated[float, Gt(0.5), Le(1)] = 1.0

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        real = self.real_label * softplus(-real_logits) + (1 - self.real_label) * softplus(real_logits)
        return real.mean() + softplus(fake_logits).mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-fake_logits).mean()
