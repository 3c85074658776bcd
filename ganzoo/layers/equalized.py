"""Equalized learning rate: weights of unit variance, scaled where they are used."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import keras

from ganzoo.layers.convolution import Conv2D
from ganzoo.layers.dense import Dense
from ganzoo.layers.memory import applied

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

#: He's, for what a (leaky) ReLU follows; 1 suits a linear output.
_GAIN = sqrt(2)


@keras.saving.register_keras_serializable(package="ganzoo")
class EqualizedConv2D(Conv2D):
    """A convolution whose kernel is multiplied by gain / sqrt(fan_in) at each call (ProGAN, arXiv 1710.10196).

    The kernel starts as N(0, 1), so that layers of every size learn at the same speed under Adam. What is
    saved is the kernel before scaling; the bias is not scaled. Takes the arguments of `Conv2D`.
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], *, gain: float = _GAIN, **options: Any
    ) -> None:
        super().__init__(filters, kernel_size, **_unit_variance(options))
        self.gain = gain

    def kernel_in_use(self) -> Tensor:
        return _equalized(super().kernel_in_use(), self.gain)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.Conv2D` with the scaled kernel."""
        layer = keras.layers.Conv2D.from_config(super().get_config())
        return applied(layer, inputs, [self.kernel_in_use(), *self.weights[1:]])


@keras.saving.register_keras_serializable(package="ganzoo")
class EqualizedDense(Dense):
    """A fully connected layer whose kernel is multiplied by gain / sqrt(inputs) at each call (arXiv 1710.10196).

    As `EqualizedConv2D`. Takes the arguments of `Dense`.
    """

    def __init__(self, units: int, *, gain: float = _GAIN, **options: Any) -> None:
        super().__init__(units, **_unit_variance(options))
        self.gain = gain

    def kernel_in_use(self) -> Tensor:
        return _equalized(super().kernel_in_use(), self.gain)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.Dense` with the scaled kernel."""
        layer = keras.layers.Dense.from_config(super().get_config())
        return applied(layer, inputs, [self.kernel_in_use(), *self.weights[1:]])


def _unit_variance(options: dict[str, Any]) -> dict[str, Any]:
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=1.0), **options}


def _equalized(kernel: Tensor, gain: float) -> Tensor:
    """Scale a kernel whose last axis is the outputs."""
    return kernel * (gain / sqrt(prod(kernel.shape[:-1])))
