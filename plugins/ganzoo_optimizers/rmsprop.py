"""RMSprop (Tieleman and Hinton 2012)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Lt

from ganzoo import Optimizer

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Rmsprop(Optimizer):
    """RMSprop; torch's `alpha` is `rho` here."""

    rho: Annotated[float, Ge(0), Lt(1)] = 0.99
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.0
    epsilon: Annotated[float, Gt(0)] = 1e-8
    weight_decay: Annotated[float, Ge(0)] | None = None

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        import keras

        return keras.optimizers.RMSprop(learning_rate=learning_rate, **vars(self))
