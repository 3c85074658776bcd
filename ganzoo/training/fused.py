"""Adam in one kernel of torch, on the state of Keras' optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

import keras
import torch

from ganzoo.contracts.tensor import Tensor, Variable
from ganzoo.execution.keras_internals import TorchAdam, TorchAdamW
from ganzoo.execution.layout import flat_view, with_layout_of


class _Fused:
    """Takes Adam's step in torch's one kernel over all weights, on Keras' own state.

    As in Kingma and Ba's algorithm 1 (arXiv 1412.6980) and in torch, epsilon is added to the bias-corrected root;
    Keras' own Adam adds it to the uncorrected one, which makes it larger by 1 / sqrt(1 - beta_2^t).
    """

    _rows: _Rows | None = None

    def _parallel_update_step(
        self, grads: Sequence[Tensor], variables: Sequence[Variable], learning_rate: Tensor
    ) -> None:
        adam: Any = self
        if self._rows is None or not self._rows.are_of(variables):
            self._rows = _Rows(adam, variables)
        rows = self._rows
        rate = learning_rate.value if isinstance(learning_rate, keras.Variable) else learning_rate
        step = (adam.iterations.value + 1).to(torch.float32)
        torch._fused_adam_(
            rows.weights,
            rows.of_gradients(grads),
            rows.momenta,
            rows.velocities,
            [],
            [step] * len(rows.weights),
            lr=rate if rate.is_cuda else float(rate),
            beta1=adam.beta_1,
            beta2=adam.beta_2,
            weight_decay=0.0,
            eps=adam.epsilon,
            amsgrad=False,
            maximize=False,
        )


class FusedAdam(_Fused, TorchAdam):
    """Keras' Adam with a fused step; epsilon is added where the paper adds it."""


class FusedAdamW(_Fused, TorchAdamW):
    """Keras' AdamW with a fused step; epsilon is added where the paper adds it."""


class _Rows:
    """Weights, and Adam's state for them, as rows of numbers as they follow each other in memory.

    The kernel for CPUs first copies every tensor that is not contiguous. The rows are views that are made once: making
    them takes longer than the step of a small network.
    """

    def __init__(self, adam: Any, variables: Sequence[Variable]) -> None:
        slots = [adam._get_variable_index(variable) for variable in variables]
        weights = [variable.value for variable in variables]
        momenta, velocities = ([each[slot].value for slot in slots] for each in (adam._momentums, adam._velocities))
        for weight, *states in zip(weights, momenta, velocities, strict=True):
            for state in states:  # laid out as the weight is: the step walks through all of them at once
                state.data = with_layout_of(weight, state.data)
        self._variables = tuple(variables)
        self._weights = weights
        self._tensors = [*weights, *momenta, *velocities]
        self._places = _places(self._tensors)
        self.weights, self.momenta, self.velocities = (
            [flat_view(tensor.data) for tensor in tensors] for tensors in (weights, momenta, velocities)
        )

    def are_of(self, variables: Sequence[Variable]) -> bool:
        """Return whether these are the variables of the rows, with values in the same place of the memory."""
        same = len(variables) == len(self._variables) and all(map(is_, variables, self._variables))
        return same and _places(self._tensors) == self._places

    def of_gradients(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return gradients in the order in which the weights lie in memory."""
        return [
            with_layout_of(weight, gradient).as_strided(row.shape, row.stride())
            for weight, row, gradient in zip(self._weights, self.weights, gradients, strict=True)
        ]


def _places(tensors: Sequence[Tensor]) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]
