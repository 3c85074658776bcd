"""Whose turn it is, and how many turns each player has had."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import keras

from ganzoo.blame import blaming
from ganzoo.contracts.regularizer import PLAYERS, PlayerName
from ganzoo.contracts.schedule import Schedule
from ganzoo.contracts.step import Step
from ganzoo.contracts.tensor import Variable
from ganzoo.training.objective import Objective
from ganzoo.training.scheduled import value_at


class Turns:
    """Decides from the step, n_critic and the regularizers which player is updated; counts the updates.

    The counts are state: lazy penalties, averages and turns depend on them. They live on the host, so that reading them
    never waits for a GPU.
    """

    def __init__(self, objective: Objective, n_critic: Schedule) -> None:
        self._objective = objective
        self._n_critic = n_critic
        with keras.device("cpu"):
            self._counts = {
                name: keras.Variable(0, dtype="int64", trainable=False, name=f"{name}_updates") for name in PLAYERS
            }
            self._waited = keras.Variable(0, dtype="int64", trainable=False, name="steps_since_generator")

    def begin(self, step: Step, movable: Collection[PlayerName]) -> dict[PlayerName, bool]:
        """Return which players are updated in this step; called once at the start of each step.

        The generator's turn comes with the n_critic-th step after its last one, or after the start of the phase.
        `movable` are the players of whom a network trains in this phase.
        """
        waited = 1 if step.phase_step == 0 else int(self._waited.value) + 1
        is_due = waited >= self.critic_updates(step)
        self._waited.value.data.fill_(0 if is_due else waited)
        trained = [each for each in PLAYERS if each in movable and self._objective.active_losses(each, step)]
        due = [player for player in trained if player == "discriminator" or is_due]
        # a rule that balances two players could let one that is alone rest for ever
        balanced = len(trained) == len(PLAYERS)
        return {player: player in due and (not balanced or self._plays(player, step)) for player in PLAYERS}

    def make_due(self, step: Step) -> None:
        """Let the generator's turn come with this step."""
        self._waited.value.data.fill_(self.critic_updates(step) - 1)

    def _plays(self, player: PlayerName, step: Step) -> bool:
        """Return whether every regularizer that decides on turns agrees."""
        found = []
        for wired in self._objective.active_regularizers("plays", step):
            with blaming(wired.regularizer, f"regularizer '{wired.key}'", step=step.number):
                found.append(bool(wired.regularizer.plays(player, step=step)))
        return all(found)

    def critic_updates(self, step: Step) -> int:
        """Return n_critic at this step; 1 where no loss trains the discriminator."""
        alone = not self._objective.active_losses("discriminator", step)
        return 1 if alone else max(1, round(value_at(self._n_critic, step.number, "n_critic", step=step)))

    def count(self, player: PlayerName) -> int:
        """Return how many updates the player has had."""
        return int(self._counts[player].value)

    def advance(self, player: PlayerName) -> None:
        """Count one more update."""
        self._counts[player].value.data.add_(1)

    def state(self) -> Mapping[str, Variable]:
        """Return the counts by name."""
        counts = {f"updates/{name}": variable for name, variable in self._counts.items()}
        return {**counts, "updates/steps_since_generator": self._waited}
