"""Rest for a discriminator that is right too often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Gt, Le

from ganzoo import Comparison, Player, PlayerName, Regularizer, Step, Tensor, Variable, Verdict
from ganzoo_balance.logits import real_and_fake

#: A share in float32 may be above the same share in float64.
_ROUNDING = 1e-6


class AccuracyLimit(Regularizer):
    """Skips the discriminator's update while it is right about more than `limit` of a batch (3D-GAN, arXiv 1610.07584).

    Right is a logit above 0 for a real and below 0 for a fake. The paper looks at the last batch and has the limit 0.8;
    here it is the batch before the last, as that number is on the host without waiting for a GPU. The accuracy is in
    the log.
    """

    def __init__(self, *, limit: Annotated[float, Gt(0), Le(1)] = 0.8) -> None:
        self.limit = limit

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        from ganzoo import HostValue  # imported here, as it loads torch

        self._accuracy = HostValue(0.0)

    def plays(self, player: PlayerName, *, step: Step) -> bool:
        return player == "generator" or self._accuracy.value <= self.limit + _ROUNDING

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        if player.name == "generator":
            real, fake = real_and_fake(judged)
            self._accuracy.push(((real > 0).float().mean() + (fake < 0).float().mean()) / 2)

    def state(self) -> Mapping[str, Variable]:
        return self._accuracy.state()

    def report(self) -> Mapping[str, Tensor | float]:
        return {"accuracy": self._accuracy.value}
