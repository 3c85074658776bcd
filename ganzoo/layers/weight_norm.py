"""Weight normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

from ganzoo.execution.batches import num_batches
from ganzoo.layers.dense import Dense
from ganzoo.layers.memory import applied, as_tensor

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable


@keras.saving.register_keras_serializable(package="ganzoo")
class WeightNormDense(Dense):
    """A fully connected layer whose units have kernels of a stated length (weight normalization, arXiv 1602.07868).

    The kernel in use is scale * kernel / |kernel|, with one scale for each unit; the kernel starts as N(0, 0.1). Unless
    `data_dependent` is off, the first call in training sets scale and bias so that each unit has mean 0 and deviation 1
    over this batch, before the activation; of two concatenated batches the first counts. The scale is trained with
    `train_scale`, and otherwise stays what it is then. Takes the arguments of `Dense`.
    """

    #: Only the first call looks at a batch, and then at the first of several.
    per_sample = True

    def __init__(self, units: int, *, train_scale: bool = False, data_dependent: bool = True, **options: Any) -> None:
        super().__init__(units, **{"kernel_initializer": keras.initializers.RandomNormal(stddev=0.1), **options})
        self.train_scale = train_scale
        self.data_dependent = data_dependent

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.scale = self.add_weight(name="scale", shape=(self.units,), initializer="ones", trainable=self.train_scale)
        with keras.device("cpu"):  # read at each call, which must not wait for a GPU
            self.started = self.add_weight(name="started", shape=(), initializer="zeros", trainable=False)

    def add_weight(self, *arguments: Any, **options: Any) -> Variable:
        """Create a weight; all but the kernel stay in float32, or what the first batch sets would be lost."""
        return super().add_weight(*arguments, **{"autocast": options.get("name") == "kernel", **options})

    def call(self, inputs: Tensor, training: bool | None = None) -> Any:
        if training and self.data_dependent and not inputs.is_meta and not self.started.value:
            self._start(inputs.chunk(num_batches())[0])
        kernel = as_tensor(self.kernel)
        # scaling what a unit gives is the same as scaling its kernel, and much less to multiply
        values = functional.linear(inputs.to(kernel), kernel.T) * self._factor().to(kernel.dtype)
        values = values + as_tensor(self.bias).to(values.dtype) if self.use_bias else values
        return values if self.activation is None else self.activation(values)

    def kernel_in_use(self) -> Tensor:
        return as_tensor(self.kernel) * self._factor()

    def save_own_variables(self, store: Any) -> None:
        # those of Dense know of a kernel and a bias only
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        keras.layers.Layer.load_own_variables(self, store)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "train_scale": self.train_scale, "data_dependent": self.data_dependent}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.Dense` with the kernel in use."""
        layer = keras.layers.Dense.from_config(super().get_config())
        weights = [self.kernel_in_use(), *([self.bias] if self.use_bias else [])]
        return applied(layer, inputs, weights)

    def _factor(self) -> Tensor:
        """Return what each unit's kernel is multiplied with, in float32."""
        factor: Tensor = self.scale.value / self.kernel.value.float().norm(dim=0)
        return factor

    @torch.no_grad()
    def _start(self, inputs: Tensor) -> None:
        values = inputs.float() @ self.kernel_in_use().float()
        mean, deviation = values.mean(dim=0), values.std(dim=0, correction=0).clamp(min=1e-6)
        self.scale.assign(self.scale.value / deviation)
        if self.use_bias:
            self.bias.assign(-mean / deviation)
        self.started.assign(1.0)
