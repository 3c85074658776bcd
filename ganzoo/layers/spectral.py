"""Spectral normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

from ganzoo.layers.memory import applied, as_tensor

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable

#: Iterations of the power method on the initial kernel, as in torch: a random vector says nothing about its norm.
_WARM_UP = 15


@keras.saving.register_keras_serializable(package="ganzoo")
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernel of a layer by its largest singular value at each call (SNGAN, arXiv 1802.05957).

    As `torch.nn.utils.parametrizations.spectral_norm`: the layer keeps its raw kernel, which is what trains and is
    saved, and the gradient goes through the singular value. (Keras' own wrapper overwrites the kernel, and its gradient
    misses that part.) Each call in training first runs `power_iterations` steps of the power method; calls in inference
    never do; real and fake in one batch are one call. `vector_u` (outputs,) and `vector_v` (the rest,) hold its state.
    Wraps what has a kernel with the outputs last, and transposed convolutions; the arguments are those of
    `keras.layers.SpectralNormalization`.
    """

    def __init__(self, layer: keras.layers.Layer, power_iterations: int = 1, **options: Any) -> None:
        if power_iterations < 1:
            raise ValueError(f"needs power_iterations of at least 1, received {power_iterations}")
        # the singular value is computed in the dtype of the kernel; the wrapped layer has its own policy
        super().__init__(layer, **{"dtype": layer.variable_dtype, **options})
        self.autocast = False
        self.power_iterations = power_iterations

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        if not hasattr(self.layer, "kernel"):
            raise ValueError(f"needs a layer with a kernel, received a {type(self.layer).__name__}")
        rows, columns = self._matrix(self._kernel().value).shape
        self.vector_u = self._vector("vector_u", rows, self._start_u)
        self.vector_v = self._vector("vector_v", columns, self._start_v)
        self.built = True

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        kernel = self._kernel()
        normalized = self._normalized(kernel.value, update=bool(training) and self.trainable)
        # inside, the layer reads the normalized kernel in place of its variable; an inner scope hides the outer one
        state = [(variable, variable.value) for variable in self.layer.variables if variable is not kernel]
        with keras.StatelessScope([*state, (kernel, normalized)], initialize_variables=False):
            outputs: Tensor = self.layer(inputs)
        return outputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape: tuple[int | None, ...] = self.layer.compute_output_shape(input_shape)
        return shape

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        return self.layer.compute_output_spec(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the wrapped layer with the normalized kernel."""
        kernel, layer = self._kernel(), type(self.layer).from_config(self.layer.get_config())
        normalized = self._normalized(kernel.value, update=False)
        return applied(layer, inputs, [normalized if it is kernel else it.value for it in self.layer.weights])

    def _normalized(self, kernel: Tensor, *, update: bool) -> Tensor:
        matrix = self._matrix(kernel)
        u, v = self._vectors(matrix, update=update)
        sigma = torch.dot(u, torch.mv(matrix, v))
        return kernel / torch.where(sigma == 0, torch.ones_like(sigma), sigma)  # a kernel of zeros stays one

    def _vectors(self, matrix: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        """Return copies of u and v, as autograd keeps them until the backward pass."""
        u, v = as_tensor(self.vector_u), as_tensor(self.vector_v)
        if not update:
            return u.clone(), v.clone()
        with torch.no_grad():
            u, v = _power_method(matrix, v, self.power_iterations)
            self.vector_u.assign(u)
            self.vector_v.assign(v)
        return u, v

    def _kernel(self) -> Variable:
        return self.layer.kernel

    def _matrix(self, kernel: Tensor) -> Tensor:
        """Return the kernel as a matrix (outputs, the rest); a view where the kernel has torch's memory layout."""
        if isinstance(self.layer, keras.layers.Conv2DTranspose):
            return kernel.permute(3, 0, 1, 2).reshape(-1, kernel.shape[2]).T
        return kernel.movedim(-1, 0).reshape(kernel.shape[-1], -1)

    def _vector(self, name: str, length: int, initializer: Any) -> Variable:
        return self.add_weight(name=name, shape=(length,), initializer=initializer, trainable=False, autocast=False)

    def _start_u(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        matrix = self._matrix(self._kernel().value).detach()
        start = keras.initializers.RandomNormal(stddev=1.0)((matrix.shape[1],), dtype=dtype)
        return _power_method(matrix, start, _WARM_UP)[0]

    def _start_v(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        return _unit(torch.mv(self._matrix(self._kernel().value).detach().T, as_tensor(self.vector_u)))


def _power_method(matrix: Tensor, v: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Return better singular vectors (rows,) and (columns,), from the latter."""
    for _ in range(iterations):
        u = _unit(torch.mv(matrix, v))
        v = _unit(torch.mv(matrix.T, u))
    return u, v


def _unit(vector: Tensor) -> Tensor:
    return functional.normalize(vector, dim=0)
