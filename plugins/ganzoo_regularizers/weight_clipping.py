"""Weight clipping, the constraint of the first Wasserstein GAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt

from ganzoo import Player, Regularizer, Step, Verdict


@dataclass(frozen=True, kw_only=True)
class WeightClipping(Regularizer):
    """Keeps every trainable weight of the discriminator within [-limit, limit] (WGAN, arXiv 1701.07875)."""

    limit: Annotated[float, Gt(0)] = 0.01

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        if player.name == "discriminator":
            for variable in player.variables:
                variable.value.data.clamp_(-self.limit, self.limit)
