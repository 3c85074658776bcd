"""The margins of VAE-GAN's authors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt

from ganzoo import PlayerName, Step, Tensor
from ganzoo_balance.controller import Controller


class VAEGANMargins(Controller):
    """Skips the player that is too far ahead, by the discriminator's cross-entropies (VAE-GAN, arXiv 1512.09300).

    The discriminator rests while its cross-entropy of reals or of fakes is below `equilibrium` - `margin`, the
    generator's side while one of them is above `equilibrium` + `margin`; where both would rest, both are updated. This
    is the rule of the authors' code, which looks at the current batch; here it is the batch before the last, as those
    numbers are on the host without waiting for a GPU. As there, both are measured once for each batch, before its
    step's updates. Both are in the log.
    """

    def __init__(self, *, equilibrium: Annotated[float, Gt(0)] = 0.68, margin: Annotated[float, Ge(0)] = 0.35) -> None:
        self.equilibrium, self.margin = equilibrium, margin

    def initial(self) -> Mapping[str, float]:
        return {"real": self.equilibrium, "fake": self.equilibrium}

    def measure(self, real: Tensor, fake: Tensor) -> Mapping[str, Tensor]:
        from torch.nn.functional import softplus

        return {"real": softplus(-real).mean(), "fake": softplus(fake).mean()}

    def plays(self, player: PlayerName, *, step: Step) -> bool:
        costs = [self.number(side) for side in ("real", "fake")]
        rests = {
            "discriminator": min(costs) < self.equilibrium - self.margin,
            "generator": max(costs) > self.equilibrium + self.margin,
        }
        return all(rests.values()) or not rests[player]
