"""Weight decay as a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganzoo import Player, Regularizer, Step, Tensor

_DECAYED = ("kernel", "embeddings")


@dataclass(frozen=True, kw_only=True)
class WeightDecay(Regularizer):
    """Half the sum of squared kernels and embeddings of a player, or of both.

    With Adam it is what torch calls `weight_decay`, at the weight of the same value; biases and the gains of
    normalizations are spared. Decay that is decoupled from the gradient is the optimizer `adamw`.
    """

    player: Literal["generator", "discriminator", "both"] = "both"

    def weight_penalty(self, player: Player, *, step: Step) -> Tensor:
        import torch

        if self.player not in (player.name, "both"):
            return torch.zeros(())
        decayed = [variable.value for variable in player.variables if variable.name in _DECAYED]
        return torch.stack([kernel.square().sum() for kernel in decayed]).sum() / 2
