from __future__ import annotations

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class Minimax(AdversarialLoss):
    """Cross-entropy of real against fake, which the generator maximises (Goodfellow 2014, arXiv 1406.2661).

    Computed on logits: discriminator E softplus(-real) + E softplus(fake), at least 0; generator -E softplus(fake), at
    most 0. Its gradient vanishes where the discriminator is sure: `non_saturating` is what trains.
    """

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return -softplus(fake_logits).mean()
