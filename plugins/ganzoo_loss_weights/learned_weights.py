"""What rules share that learn the weights of losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ganzoo import Comparison, Player, PlayerName, RecipeError, Regularizer, Step, Tensor, Variable

_FEWEST = 2


class LearnedWeights(Regularizer, ABC):
    """Multiplies the generator's losses of these keys with factors that follow from parameters, one for each loss.

    Parameters are moved by Adam with a rate of their own, once in each step in which all of the losses are active; in
    other steps no weight changes.
    """

    def __init__(self, *, losses: tuple[str, ...], learning_rate: float) -> None:
        if len(set(losses)) < max(len(losses), _FEWEST):
            raise ValueError(f"losses must name two losses or more, each once; received {list(losses)}")
        self.losses = losses
        self.learning_rate = learning_rate
        self._parameters: Variable | None = None

    @property
    @abstractmethod
    def start(self) -> float:
        """What each parameter is at first."""

    @abstractmethod
    def factors(self, parameters: Tensor) -> Tensor:
        """Return the factor of each loss (n,)."""

    @abstractmethod
    def gradient(self, parameters: Tensor, values: Tensor, player: Player) -> Tensor:
        """Return the gradient by which the parameters (n,) move; `values` (n,) are the losses, with gradient."""

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        start = [self.start] * len(self.losses)
        self._parameters = keras.Variable(start, dtype="float32", name="parameters")
        self._optimizer = keras.optimizers.Adam(self.learning_rate)
        self._optimizer.build([self._parameters])

    def loss_factors(self, player: Player, losses: Mapping[str, Tensor], *, step: Step) -> Mapping[str, Tensor | float]:
        if player.name != "generator":
            return {}
        found = [key for key in self.losses if key in losses]
        if not found:
            raise RecipeError(
                f"no loss of this step is called {' or '.join(self.losses)}; there are {', '.join(losses)}"
            )
        before = self._values().clone()
        if len(found) == len(self.losses):
            self._learn(before, losses, player)
        factors = dict(zip(self.losses, self.factors(before), strict=True))
        return {key: factors[key] for key in found}

    def _learn(self, parameters: Tensor, losses: Mapping[str, Tensor], player: Player) -> None:
        import torch

        values = torch.stack([losses[key].float() for key in self.losses])
        gradient = self.gradient(parameters, values, player)
        with torch.no_grad():
            self._optimizer.apply([gradient], [self._parameters])
            self.after(self._values())

    def after(self, parameters: Tensor) -> None:
        """Change the parameters, in place, after they have moved."""

    def _values(self) -> Tensor:
        if self._parameters is None:
            raise RecipeError(f"{type(self).__name__}: build() must be called before the first step")
        values: Tensor = self._parameters.value.detach()
        return values

    def state(self) -> Mapping[str, Variable]:
        moments: dict[str, Any] = {f"adam/{index}": each for index, each in enumerate(self._optimizer.variables)}
        return {"parameters": self._parameters, **moments}

    def report(self) -> Mapping[str, Tensor | float]:
        return dict(zip(self.losses, self.factors(self._values()), strict=True))
