"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Lt

from ganzoo import Optimizer

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum if wanted."""

    momentum: Annotated[float, Ge(0), Lt(1)] = 0.0
    weight_decay: Annotated[float, Ge(0)] | None = None

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        import keras

        return keras.optimizers.SGD(learning_rate=learning_rate, **vars(self))
