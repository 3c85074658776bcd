from __future__ import annotations

from dataclasses import dataclass

from ganzoo import PairLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class ImageGradient(PairLoss):
    """Mean absolute error between the image gradients of output and target (Mathieu 2016, arXiv 1511.05440).

    Gradients are differences of neighbouring pixels; the means over vertical and horizontal ones are added. Unlike
    that paper, signed gradients are compared, so that an edge of the wrong polarity is an error. In [0, 8] for images
    in [-1, 1].
    """

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        error = output - target
        vertical = error[:, 1:] - error[:, :-1]
        horizontal = error[:, :, 1:] - error[:, :, :-1]
        return vertical.abs().mean() + horizontal.abs().mean()
