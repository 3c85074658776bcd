"""Fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from torch.nn import functional

from ganzoo.layers.memory import KernelMemory, as_tensor

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class Dense(KernelMemory, keras.layers.Dense):
    """`keras.layers.Dense` in one operation: (..., inputs) -> (..., units).

    Same arguments, variables and outputs. The kernel has Keras' shape (inputs, units), but is stored in the order
    units, inputs.
    """

    def call(self, inputs: Tensor, training: bool | None = None) -> Any:
        kernel = self.kernel_in_use()
        if inputs.dtype != kernel.dtype:
            return super().call(inputs, training=training)
        bias = None if self.bias is None else as_tensor(self.bias)
        values = functional.linear(inputs.to(kernel.device), kernel.T, bias)
        return values if self.activation is None else self.activation(values)
