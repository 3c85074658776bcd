from __future__ import annotations

from dataclasses import dataclass

from ganzoo import PairLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class MSE(PairLoss):
    """Mean squared error over all values, in [0, 4] for images in [-1, 1]; SRResNet minimises it (arXiv 1609.04802)."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return (output - target).square().mean()
