from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt

from ganzoo import PairLoss, Tensor


@dataclass(frozen=True, kw_only=True)
class Charbonnier(PairLoss):
    """Mean of sqrt(error^2 + epsilon^2), an absolute error that is smooth at 0 (LapSRN, arXiv 1704.03915).

    At least `epsilon`, which the paper has at 1e-3; about at most 2 for images in [-1, 1].
    """

    epsilon: Annotated[float, Gt(0)] = 1e-3

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return ((output - target).square() + self.epsilon**2).sqrt().mean()
