"""What rules that skip updates share: they measure the logits of each step once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ganzoo import Comparison, Player, PlayerName, Regularizer, Step, Tensor, Variable, Verdict, logit_maps


class Controller(Regularizer, ABC):
    """Decides whose turn it is from numbers that are measured once in each step, in its first update.

    That is the discriminator's, or the generator's where the discriminator rests: so a player that rests is measured
    too, and the networks judge as they were before the step. A step in which nothing is judged changes no number.
    """

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        from ganzoo import HostValue  # imported here, as it loads torch

        self._numbers = {name: HostValue(value) for name, value in self.initial().items()}
        with keras.device("cpu"):
            self._measured_step = keras.Variable(-1, dtype="int64", trainable=False)

    @abstractmethod
    def initial(self) -> Mapping[str, float]:
        """Return what each number is, by name, until it was measured."""

    @abstractmethod
    def measure(self, real: Tensor, fake: Tensor) -> Mapping[str, Tensor]:
        """Return each number, by name, from all logits of reals and all of fakes, both flat."""

    def number(self, name: str) -> float:
        """Return a number as the step before the last that was measured left it."""
        return self._numbers[name].value

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        if judged and int(self._measured_step.value) != step.number:
            self._measured_step.value.data.fill_(step.number)
            for name, value in self.measure(*_real_and_fake(judged)).items():
                self._numbers[name].push(value)

    def state(self) -> Mapping[str, Variable]:
        numbers = {
            f"{name}/{part}": variable
            for name, number in self._numbers.items()
            for part, variable in number.state().items()
        }
        return {**numbers, "measured_step": self._measured_step}

    def report(self) -> Mapping[str, Tensor | float]:
        return {name: number.value for name, number in self._numbers.items()}


def _real_and_fake(judged: Mapping[str, Verdict]) -> tuple[Tensor, Tensor]:
    """Return all logits of reals and all of fakes, flat."""
    import torch

    sides = ([verdict.real for verdict in judged.values()], [verdict.fake for verdict in judged.values()])
    real, fake = (
        torch.cat([logits.float().flatten() for outputs in side for logits in logit_maps(outputs)]) for side in sides
    )
    return real, fake
