"""Whatever steadies training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.comparison import Comparison, Judged
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Network, Tensor, Variable
    from ganzoo.streams import Random

PlayerName = Literal["generator", "discriminator"]


@dataclass(frozen=True)
class Player:
    """One side of the game: its networks by name and their trainable variables."""

    name: PlayerName
    networks: Mapping[str, Network]
    variables: tuple[Variable, ...]


class Regularizer(Component):
    """Acts at any of the moments below; overriding a method is what opts in to it.

    The recipe gives the weight of the penalties (a schedule), the comparison it acts on (all by default), the phases,
    and the interval of lazy regularization: a penalty with `interval = k` is computed at every k-th update and
    counted k times. `rng` is this regularizer's own stream at this step.
    """

    kind = "regularizer"

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        """Create variables. `comparisons` are those of a first batch and show shapes; their values mean nothing."""

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        """Return what the discriminator sees instead of `images`; gradients must flow when the generator updates.

        `player` says whose update this is: a replay buffer acts on the discriminator's only.
        """
        raise TypeError(f"{type(self).__name__} does not change the discriminator's inputs")

    def discriminator_penalty(self, comparison: Comparison, *, step: Step, rng: Random) -> Tensor:
        """Return a scalar added to the discriminator's loss; the comparison holds what the discriminator saw."""
        raise TypeError(f"{type(self).__name__} has no discriminator penalty")

    def generator_penalty(self, fakes: Mapping[str, Tensor], *, step: Step, rng: Random) -> Tensor:
        """Return a scalar added to the generator's loss; `fakes` is what the task's `generate` returned."""
        raise TypeError(f"{type(self).__name__} has no generator penalty")

    def weight_penalty(self, player: Player, *, step: Step) -> Tensor:
        """Return a scalar on the player's weights, added to that player's loss."""
        raise TypeError(f"{type(self).__name__} has no weight penalty")

    def after_update(self, player: Player, judged: Mapping[str, Judged], *, step: Step) -> None:
        """Act after the player's optimizer step, without gradients: clip weights, average, adapt a strength.

        `judged` holds the comparisons as the discriminator judged them in this update, by name.
        """
        raise TypeError(f"{type(self).__name__} does nothing after an update")

    def has(self, moment: str) -> bool:
        """Return whether this class overrides the moment of that name."""
        return getattr(type(self), moment) is not getattr(Regularizer, moment)
