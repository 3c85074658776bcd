"""The margins of VAE-GAN's authors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt

from ganzoo import Comparison, Player, PlayerName, Regularizer, Step, Tensor, Variable, Verdict
from ganzoo_balance.logits import real_and_fake


class VAEGANMargins(Regularizer):
    """Skips the player that is too far ahead, by the discriminator's cross-entropies (VAE-GAN, arXiv 1512.09300).

    The discriminator rests while its cross-entropy of reals or of fakes is below `equilibrium` - `margin`, the
    generator's side while one of them is above `equilibrium` + `margin`; where both would rest, both are updated. This
    is the rule of the authors' code, which looks at the current batch; here it is the batch before the last, as those
    numbers are on the host without waiting for a GPU. Both cross-entropies are in the log.
    """

    def __init__(self, *, equilibrium: Annotated[float, Gt(0)] = 0.68, margin: Annotated[float, Ge(0)] = 0.35) -> None:
        self.equilibrium, self.margin = equilibrium, margin

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        from ganzoo import HostValue  # imported here, as it loads torch

        self._costs = {side: HostValue(self.equilibrium) for side in ("real", "fake")}

    def plays(self, player: PlayerName, *, step: Step) -> bool:
        costs = [cost.value for cost in self._costs.values()]
        rests = {
            "discriminator": min(costs) < self.equilibrium - self.margin,
            "generator": max(costs) > self.equilibrium + self.margin,
        }
        return all(rests.values()) or not rests[player]

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        from torch.nn.functional import softplus

        real, fake = real_and_fake(judged)
        self._costs["real"].push(softplus(-real).mean())
        self._costs["fake"].push(softplus(fake).mean())

    def state(self) -> Mapping[str, Variable]:
        return {f"{side}/{name}": each for side, cost in self._costs.items() for name, each in cost.state().items()}

    def report(self) -> Mapping[str, Tensor | float]:
        return {side: cost.value for side, cost in self._costs.items()}
