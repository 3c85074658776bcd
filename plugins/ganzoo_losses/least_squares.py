from __future__ import annotations

from dataclasses import dataclass

from ganzoo import AdversarialLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class LeastSquares(AdversarialLoss):
    """Half the squared distance of logits to labels (LSGAN, arXiv 1611.04076), at least 0.

    The discriminator wants `real_label` (b in the paper) of reals and `fake_label` (a) of fakes, the generator
    `wanted_label` (c) of fakes. (a, b, c) = (0, 1, 1) by default; (-1, 1, 0) minimises Pearson's chi-squared.
    """

    fake_label: float = 0.0
    real_label: float = 1.0
    wanted_label: float = 1.0

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return ((real_logits - self.real_label).square().mean() + (fake_logits - self.fake_label).square().mean()) / 2

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return (fake_logits - self.wanted_label).square().mean() / 2
