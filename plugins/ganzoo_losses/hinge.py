from __future__ import annotations

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class Hinge(AdversarialLoss):
    """Margins of 1 for the discriminator, -E D(fake) for the generator (Lim and Ye 2017, arXiv 1705.02894).

    Discriminator E max(0, 1 - real) + E max(0, 1 + fake), at least 0; the generator's side is not hinged and
    unbounded.
    """

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return (1 - real_logits).relu().mean() + (1 + fake_logits).relu().mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return -fake_logits.mean()
