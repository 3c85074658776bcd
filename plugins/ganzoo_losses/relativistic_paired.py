from __future__ import annotations

from dataclasses import dataclass

from ganzoo import RecipeError, RelativisticLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class RelativisticPaired(RelativisticLoss):
    """Compares each real with the fake at its place in the batch (RpGAN, arXiv 1807.00734; R3GAN, arXiv 2501.05441).

    Discriminator E softplus(fake - real), generator E softplus(real - fake), each at least 0. R3GAN adds `r1` and `r2`.
    """

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        if real_logits.shape != fake_logits.shape:
            raise RecipeError(
                f"relativistic_paired pairs reals with fakes, received {len(real_logits)} and {len(fake_logits)}"
            )
        return softplus(fake_logits - real_logits).mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return self.discriminator_loss(fake_logits, real_logits)
