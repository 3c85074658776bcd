"""Boundary-seeking GAN (Hjelm 2018, arXiv 1702.08431) as a ganzoo plugin."""

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class BoundarySeeking(AdversarialLoss):
    """Cross-entropy for the discriminator; the generator seeks its boundary, where the logit is 0: E logit^2 / 2."""

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return fake_logits.square().mean() / 2


@hookimpl
def ganzoo_register_losses() -> dict[str, type[AdversarialLoss]]:
    return {"boundary_seeking": BoundarySeeking}
