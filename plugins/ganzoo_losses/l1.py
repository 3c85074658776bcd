from __future__ import annotations

from dataclasses import dataclass

from ganzoo import PairLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class L1(PairLoss):
    """Mean absolute error over all values, in [0, 2] for images in [-1, 1]."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return (output - target).abs().mean()
