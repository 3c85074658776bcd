"""Keras optimizers from a recipe's components, and the one update that both players make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import torch

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.optimizer import Optimizer
from ganzoo.contracts.regularizer import PlayerName
from ganzoo.contracts.tensor import Tensor, Variable
from ganzoo.training.guard import global_norm

#: Where float16's loss scale stands when even a loss that is not scaled up overflows.
_LEAST_SCALE = 1.0


def make_optimizer(
    optimizer: Optimizer, learning_rate: float, *, key: str = "", precision: str = "float32"
) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer; the model sets its learning rate from a schedule before each step.

    In float16 it scales the loss, so that small gradients do not vanish, leaves out updates that overflow, and adapts
    the scale; what it knows of that is part of its variables.
    """
    what = f"optimizer of '{key}'" if key else "optimizer"
    with blaming(optimizer, what):
        made = optimizer.build(learning_rate)
    if not isinstance(made, keras.optimizers.Optimizer):
        problem = f"build() returned {type(made).__name__}, expected a keras.optimizers.Optimizer"
        raise broken_contract(optimizer, what, problem)
    return keras.optimizers.LossScaleOptimizer(made) if precision == "float16" else made


class OptimizerGroup:
    """All optimizers of one player, used as one: its own, and those of single networks with their own settings."""

    def __init__(
        self,
        player: PlayerName,
        own: keras.optimizers.Optimizer | None,
        of_networks: Mapping[str, keras.optimizers.Optimizer],
        variables: Mapping[str, Sequence[Variable]],
    ) -> None:
        self.player = player
        self.optimizers: dict[str, keras.optimizers.Optimizer] = dict(of_networks)
        if own is not None:
            self.optimizers = {player: own, **self.optimizers}
        self._owner = {id(variable): name for name, mine in variables.items() for variable in mine}

    def build(self, variables: Sequence[Variable]) -> None:
        """Create the state for the player's variables."""
        for name, optimizer in self.optimizers.items():
            if mine := [variable for variable in variables if self._owner.get(id(variable), self.player) == name]:
                optimizer.build(mine)

    @property
    def variables(self) -> list[Variable]:
        """The state of all optimizers."""
        return [variable for optimizer in self.optimizers.values() for variable in optimizer.variables]

    def values(self) -> list[Tensor]:
        """Return a copy of the state."""
        return [variable.value.detach().clone() for variable in self.variables]

    def reset(self, values: Sequence[Tensor]) -> None:
        """Set the state to an earlier copy of it."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.value.data.copy_(value)

    def learning_rates(self) -> dict[str, Tensor]:
        """Return a copy of the rate in force of each optimizer by name, still on the device."""
        return {name: _rate_of(optimizer) for name, optimizer in self.optimizers.items()}

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss as float16 needs it: scaled, where an optimizer does that."""
        return next(iter(self.optimizers.values())).scale_loss(loss)

    @property
    def dynamic_scale(self) -> Any:
        """The scale of the loss, where there is one."""
        return getattr(next(iter(self.optimizers.values())), "dynamic_scale", None)

    def apply(self, gradients: Sequence[Tensor], variables: Sequence[Variable]) -> None:
        """Take one step of each optimizer on its own variables among these."""
        for name, optimizer in self.optimizers.items():
            pairs = [
                (gradient, variable)
                for gradient, variable in zip(gradients, variables, strict=True)
                if self._owner.get(id(variable), self.player) == name
            ]
            if pairs:
                optimizer.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])


def descend(
    loss: Tensor,
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer | OptimizerGroup,
    *,
    clip_norm: float | None = None,
    check: Callable[[Tensor, Tensor], None] = lambda _loss, _norm: None,
    look: Callable[[Sequence[Tensor], Sequence[Variable], Any], None] | None = None,
) -> Tensor:
    """Take one optimizer step on these variables only, and return the norm of the gradient before it was clipped.

    No gradient is computed for any other variable. `clip_norm` limits the norm over all gradients together.
    `check(loss, norm)` may refuse the update by raising; `look` is shown the gradients, and by what they are scaled up.
    Variables that the loss does not reach keep their value.
    """
    weights = [variable.value for variable in variables]
    gradients = torch.autograd.grad(optimizer.scale_loss(loss), weights, allow_unused=True)
    reached = [
        (gradient, variable) for gradient, variable in zip(gradients, variables, strict=True) if gradient is not None
    ]
    found = [gradient for gradient, _ in reached]
    norm: Tensor = global_norm(found) / optimizer.scale_loss(1.0)
    check(loss, torch.zeros_like(norm) if _may_overflow(optimizer) else norm)
    if look is not None:
        look(found, [variable for _, variable in reached], optimizer.scale_loss(1.0))
    if clip_norm is not None and found:
        torch._foreach_mul_(found, torch.clamp(clip_norm / (norm + 1e-12), max=1.0))
    with torch.no_grad():
        optimizer.apply(found, [variable for _, variable in reached])
    return norm


def _rate_of(optimizer: keras.optimizers.Optimizer) -> Tensor:
    rate = optimizer.learning_rate
    found: Tensor = (rate.value if isinstance(rate, keras.Variable) else torch.as_tensor(rate)).detach().clone()
    return found


def _may_overflow(optimizer: keras.optimizers.Optimizer | OptimizerGroup) -> bool:
    """Return whether an overflow only says that the loss was scaled up too far."""
    scale = getattr(optimizer, "dynamic_scale", None)
    return scale is not None and bool(scale.value > _LEAST_SCALE)
