from __future__ import annotations

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class Wasserstein(AdversarialLoss):
    """Difference of mean logits, an estimate of the Wasserstein distance (WGAN, arXiv 1701.07875).

    Discriminator E fake - E real, generator -E fake, both unbounded. Only meaningful for a Lipschitz discriminator: add
    `weight_clipping` or `gradient_penalty`.
    """

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return -fake_logits.mean()
