"""Adam (Kingma and Ba 2014, arXiv 1412.6980) and AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Lt

from ganzoo import Optimizer

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adam; epsilon is added to the bias-corrected root, as in the paper and in torch."""

    beta_1: Annotated[float, Ge(0), Lt(1)] = 0.9
    beta_2: Annotated[float, Ge(0), Lt(1)] = 0.999
    epsilon: Annotated[float, Gt(0)] = 1e-8
    weight_decay: Annotated[float, Ge(0)] | None = None

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        from ganzoo import FusedAdam

        return FusedAdam(learning_rate=learning_rate, **vars(self))


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay; epsilon is added to the bias-corrected root."""

    beta_1: Annotated[float, Ge(0), Lt(1)] = 0.9
    beta_2: Annotated[float, Ge(0), Lt(1)] = 0.999
    epsilon: Annotated[float, Gt(0)] = 1e-8
    weight_decay: Annotated[float, Ge(0)] = 0.004

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        from ganzoo import FusedAdamW

        return FusedAdamW(learning_rate=learning_rate, **vars(self))
