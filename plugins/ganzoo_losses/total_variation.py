from __future__ import annotations

from dataclasses import dataclass

from ganzoo import PairLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class TotalVariation(PairLoss):
    """Mean squared difference of neighbouring pixels of the output (Aly and Dubois 2005).

    The mean over vertical neighbours plus the mean over horizontal ones, in [0, 8] for images in [-1, 1]; the target is
    not used. SRGAN (arXiv 1609.04802) adds it to the loss on VGG22 features.
    """

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        vertical = output[:, 1:] - output[:, :-1]
        horizontal = output[:, :, 1:] - output[:, :, :-1]
        return vertical.square().mean() + horizontal.square().mean()
