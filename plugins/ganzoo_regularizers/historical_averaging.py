"""Historical averaging, a penalty on the distance to the mean of past weights."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Comparison, Player, PlayerName, Regularizer, Step, Tensor, Variable, Verdict


class HistoricalAveraging(Regularizer):
    """Penalises ||weights - mean of all past weights||^2 of each player (Salimans 2016, arXiv 1606.03498).

    Each player has its own mean. It starts at the weights at the start of training and includes one more value
    after each update of the player.
    """

    def __init__(self) -> None:
        self._means: dict[str, list[Variable]] = {}
        self._counts: dict[str, Variable] = {}

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        for name, player in players.items():
            # a Keras variable shares the memory of the tensor that it is made from
            copies = [variable.value.detach().clone() for variable in player.variables]
            self._means[name] = [keras.Variable(copy, trainable=False) for copy in copies]
            self._counts[name] = keras.Variable(1, dtype="int32", trainable=False)

    def weight_penalty(self, player: Player, *, step: Step) -> Tensor:
        import torch

        pairs = zip(player.variables, self._means[player.name], strict=True)
        return torch.stack([(weight.value - mean.value).square().sum() for weight, mean in pairs]).sum()

    def after_update(self, player: Player, judged: Mapping[str, Verdict], *, step: Step) -> None:
        count = self._counts[player.name].value.data.add_(1)
        for weight, mean in zip(player.variables, self._means[player.name], strict=True):
            mean.value.data.lerp_(weight.value.data, 1 / count)

    def state(self) -> Mapping[str, Variable]:
        found = {f"{name}/count": count for name, count in self._counts.items()}
        for name, means in self._means.items():
            found |= {f"{name}/mean/{index:04d}": mean for index, mean in enumerate(means)}
        return found
