from __future__ import annotations

from dataclasses import dataclass

from ganzoo import RelativisticLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class RelativisticAverage(RelativisticLoss):
    """Compares each logit with the mean of the other side (RaGAN, arXiv 1807.00734; ESRGAN, arXiv 1809.00219).

    (E softplus(-(real - E fake)) + E softplus(fake - E real)) / 2, at least 0; the roles are exchanged for the
    generator.
    """

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        real, fake = real_logits - fake_logits.mean(), fake_logits - real_logits.mean()
        return (softplus(-real).mean() + softplus(fake).mean()) / 2

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return self.discriminator_loss(fake_logits, real_logits)
