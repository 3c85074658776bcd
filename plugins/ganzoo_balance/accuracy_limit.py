"""Rest for a discriminator that is right too often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Gt, Le

from ganzoo import PlayerName, Step, Tensor
from ganzoo_balance.controller import Controller

#: A share in float32 may be above the same share in float64.
_ROUNDING = 1e-6


class AccuracyLimit(Controller):
    """Skips the discriminator's update while it is right about more than `limit` of a batch (3D-GAN, arXiv 1610.07584).

    Right is a logit above 0 for a real and below 0 for a fake. The paper looks at the last batch and has the limit 0.8;
    here it is the batch before the last, as that number is on the host without waiting for a GPU. Each batch counts
    once, as it was judged before its step's updates. The accuracy is in the log.
    """

    def __init__(self, *, limit: Annotated[float, Gt(0), Le(1)] = 0.8) -> None:
        self.limit = limit

    def initial(self) -> Mapping[str, float]:
        return {"accuracy": 0.0}

    def measure(self, real: Tensor, fake: Tensor) -> Mapping[str, Tensor]:
        return {"accuracy": ((real > 0).float().mean() + (fake < 0).float().mean()) / 2}

    def plays(self, player: PlayerName, *, step: Step) -> bool:
        return player == "generator" or self.number("accuracy") <= self.limit + _ROUNDING
