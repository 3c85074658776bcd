"""Least squares GAN (Mao 2017, arXiv 1611.04076) as a ganzoo plugin."""

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class LeastSquares(AdversarialLoss):
    """Half the squared distance of the logits to a label: `fake`, `real`, and `valid` for the generator."""

    fake: float = 0.0
    real: float = 1.0
    valid: float = 1.0

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return ((real_logits - self.real).square().mean() + (fake_logits - self.fake).square().mean()) / 2

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return (fake_logits - self.valid).square().mean() / 2


@hookimpl
def ganzoo_register_losses() -> dict[str, type[AdversarialLoss]]:
    return {"least_squares": LeastSquares}
