"""Components that stabilise training: penalties, noise, augmentation, clipping, replay, balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.comparison import Comparison, Verdict
    from ganzoo.contracts.field import Signature
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Network, Tensor, Variable
    from ganzoo.randomness import Random

PlayerName = Literal["generator", "discriminator"]

#: The two sides, in the order in which a step updates them.
PLAYERS: tuple[PlayerName, ...] = ("discriminator", "generator")


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
    counted k times. `rng` is this regularizer's own stream at this step; draws continue it, so the real side, the fake
    side and every comparison of one update get different numbers.
    """

    kind = "regularizer"

    #: Whether its penalty is computed for each sample by itself (a gradient penalty): `check` and `run` warn where the
    #: discriminator has batch normalization, by which a sample's logit depends on the others.
    per_sample: ClassVar[bool] = False

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        """Create variables; called once, before the first step.

        `comparisons` are those that this regularizer acts on in any of its phases; only their shapes are meaningful.
        """

    def discriminator_signature(self, signature: Signature) -> Signature:
        """Return what the discriminator must take and give while this regularizer acts.

        Add outputs that a penalty needs, as `signature.with_outputs(features=Field(shape=(None,)))`, or change the
        input where `discriminator_inputs` changes the shape (packing).
        """
        return signature

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        """Return what the discriminator sees instead of `images`; gradients must flow when the generator updates.

        `player` says whose update this is: a replay buffer acts on the discriminator's only.
        """
        raise TypeError(f"{type(self).__name__} does not change the discriminator's inputs")

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        """Return a scalar added to the discriminator's loss.

        `judged.real` and `judged.fake` hold the discriminator's outputs of this update, without another call;
        `judged.comparison` holds its inputs, and judges other samples; `judged.fakes` is what the task's `generate`
        returned, without gradient.
        """
        raise TypeError(f"{type(self).__name__} has no discriminator penalty")

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        """Return a scalar added to the generator's loss.

        `fakes` is what the task's `generate` returned, `judged` holds the comparisons by name as the discriminator
        judged them in this update (those of `on`; empty where no discriminator takes part).
        """
        raise TypeError(f"{type(self).__name__} has no generator penalty")

    def weight_penalty(self, player: Player, *, step: Step) -> Tensor:
        """Return a scalar on the player's weights, added to that player's loss."""
        raise TypeError(f"{type(self).__name__} has no weight penalty")

    def loss_factors(self, player: Player, losses: Mapping[str, Tensor], *, step: Step) -> Mapping[str, Tensor | float]:
        """Return factors for some of the player's losses, by their key; other losses keep their weight.

        `losses` holds the unweighted values, with gradient, before the player's total is formed. A ratio of gradients
        with respect to `player.networks[name].get_layer(layer).kernel`, say, balances two losses.
        """
        raise TypeError(f"{type(self).__name__} does not change the weights of losses")

    def plays(self, player: PlayerName, *, step: Step) -> bool:
        """Return whether this player may be updated in this step; False from any regularizer skips the update.

        It is asked at steps at which both players have something to learn; a player that learns alone is always
        updated. Decide from `step` and from numbers on the host: reading a value from a GPU would make every step wait
        for it. `ganzoo.HostValue` copies a value to the host without waiting; it is available one step later.
        """
        raise TypeError(f"{type(self).__name__} does not decide whose turn it is")

    def learning_rate_factor(self, player: PlayerName, *, step: Step) -> Tensor | float:
        """Return what multiplies the player's learning rates in this step: a number, or a scalar on the device."""
        raise TypeError(f"{type(self).__name__} does not change learning rates")

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        """Act after the player's optimizer step, without gradients: clip weights, average, adapt a strength.

        `judged` holds the comparisons as the discriminator judged them in this update, by name (those of `on`).
        """
        raise TypeError(f"{type(self).__name__} does nothing after an update")

    def has(self, moment: str) -> bool:
        """Return whether this class overrides the moment of that name."""
        return getattr(type(self), moment) is not getattr(Regularizer, moment)

    @property
    def has_penalty(self) -> bool:
        """Whether any penalty is overridden, to which weight and interval apply."""
        return any(self.has(f"{what}_penalty") for what in ("discriminator", "generator", "weight"))
