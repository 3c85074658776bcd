"""Weights by uncertainty."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt

from ganzoo import Player, Tensor
from ganzoo_loss_weights.learned_weights import LearnedWeights


class Uncertainty(LearnedWeights):
    """Weighs losses by the noise that is learned for each (Kendall 2018, arXiv 1705.07115).

    With s the logarithm of the variance, a loss L becomes exp(-s) L / 2 + s / 2, as in the paper for regression; s
    starts at 0 and settles at log L, so that each loss counts as much as it can be lowered by, relatively. Here s has
    an Adam of its own with `learning_rate`; its own part, s / 2, trains nothing else and is not in the total. `losses`
    are the keys of losses in the log. The weights are in the log.
    """

    def __init__(self, *, losses: tuple[str, ...], learning_rate: Annotated[float, Gt(0)] = 0.01) -> None:
        super().__init__(losses=losses, learning_rate=learning_rate)

    @property
    def start(self) -> float:
        return 0.0

    def factors(self, parameters: Tensor) -> Tensor:
        return (-parameters).exp() / 2

    def gradient(self, parameters: Tensor, values: Tensor, player: Player) -> Tensor:
        return (1 - (-parameters).exp() * values.detach()) / 2
