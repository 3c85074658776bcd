"""Keras optimizers from a recipe's settings, and the one update that both players make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import torch

from ganzoo.contracts.tensor import Tensor, Variable
from ganzoo.training.guard import global_norm

_CLASSES = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


def make_optimizer(name: str, learning_rate: float, options: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer; the model sets its learning rate from a schedule before each step."""
    return _CLASSES[name](learning_rate=learning_rate, **options)


def descend(
    loss: Tensor,
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer,
    *,
    clip_norm: float | None = None,
    check: Callable[[Tensor, Tensor], None] = lambda _loss, _norm: None,
) -> None:
    """Take one optimizer step on these variables only; no gradient is computed for any other.

    `clip_norm` limits the norm over all gradients together. `check(loss, norm)` may refuse the update by raising.
    Variables that the loss does not reach keep their value.
    """
    gradients = torch.autograd.grad(loss, [variable.value for variable in variables], allow_unused=True)
    reached = [
        (gradient, variable) for gradient, variable in zip(gradients, variables, strict=True) if gradient is not None
    ]
    found = [gradient for gradient, _ in reached]
    norm = global_norm(found)
    check(loss, norm)
    if clip_norm is not None and found:
        torch._foreach_mul_(found, torch.clamp(clip_norm / (norm + 1e-12), max=1.0))
    with torch.no_grad():
        optimizer.apply(found, [variable for _, variable in reached])
