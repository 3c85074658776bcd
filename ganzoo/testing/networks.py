"""Checks of architectures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ganzoo.contracts.architecture import Architecture
from ganzoo.testing.demands import demand, explained, same

if TYPE_CHECKING:
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.tensor import Network, Tensor

#: A side that varies is so long in what a network is tried with.
_SIDE = 16


def check_architecture(architecture: Architecture, signature: Signature) -> None:
    """Check that the network gives what the signature says for any batch, and reloads from a `.keras` file."""
    import torch

    cls = type(architecture)
    with explained(cls, "build()"):
        network = architecture.build(signature)
    for batch in (1, 3):
        inputs = {name: _random(field, batch) for name, field in signature.inputs.items()}
        with torch.no_grad(), explained(cls, f"a batch of {batch}"):
            outputs = _named(call(network, inputs), signature)
        _check_outputs(cls, outputs, signature, batch)
    _check_steps(architecture, network)
    _check_reload(cls, network, inputs)


def call(network: Network, inputs: Mapping[str, Tensor]) -> Any:
    """Call a network as tasks do: one input as a tensor, several as a dict."""
    return network(next(iter(inputs.values())) if len(inputs) == 1 else dict(inputs), training=False)


@dataclass(frozen=True, kw_only=True)
class SmallNetwork(Architecture):
    """One hidden layer on all inputs, and a linear head for each output: fits any signature of fixed shapes."""

    role: ClassVar[str] = "any"
    hidden: int = 8

    def build(self, signature: Signature) -> Network:
        import keras

        inputs = {name: keras.Input(field.sides, name=name) for name, field in signature.inputs.items()}
        flat = [keras.layers.Flatten()(value) for value in inputs.values()]
        joined = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
        features = keras.layers.Dense(self.hidden, activation="tanh")(joined)
        outputs = {name: self._head(name, field, features) for name, field in signature.outputs.items()}
        return keras.Model(_alone_or_all(inputs), _alone_or_all(outputs))

    def _head(self, name: str, field: Field, features: Any) -> Any:
        import keras

        if name.partition("/")[0] == "features":
            return features
        shape = tuple(1 if side is ... else self.hidden if side is None else side for side in field.shape)
        shape = shape[-1:] if ... in field.shape else shape
        return keras.layers.Reshape(shape)(keras.layers.Dense(int(np.prod(shape)))(features))


def _alone_or_all(values: Mapping[str, Any]) -> Any:
    return next(iter(values.values())) if len(values) == 1 else dict(values)


def _check_outputs(cls: type[Any], outputs: Mapping[str, Any], signature: Signature, batch: int) -> None:
    import torch

    for name, field in signature.outputs.items():
        demand(name in outputs, cls, f"lacks the output '{name}'")
        for output in _tensors(outputs[name]):
            demand(isinstance(output, torch.Tensor), cls, f"output '{name}' must be a tensor or a list of tensors")
            shape = tuple(output.shape)
            fits = field.accepts(shape[1:]) and shape[0] == batch
            demand(fits, cls, f"output '{name}' is of shape {shape}, expected {batch} x {field}")
            demand(bool(torch.isfinite(output).all()), cls, f"output '{name}' must be finite")


def _check_steps(architecture: Architecture, network: Network) -> None:
    """Ask that `begin_step` sets a function of the step alone."""
    from ganzoo.contracts.step import Step

    states = []
    for number in (7, 0, 7):
        with explained(type(architecture), "begin_step()"):
            architecture.begin_step(network, Step(number=number, phase_step=number))
        states.append([weight.value.detach().clone() for weight in network.non_trainable_weights])
    demand(same(states[0], states[2]), type(architecture), "begin_step() must depend on the step alone")


def _check_reload(cls: type[Any], network: Network, inputs: Mapping[str, Tensor]) -> None:
    import tempfile
    from pathlib import Path

    import keras
    import torch

    with tempfile.TemporaryDirectory() as folder, explained(cls, "a `.keras` round trip"):
        path = Path(folder) / "network.keras"
        _save(network, path)
        twin = keras.saving.load_model(path, compile=False)
    with torch.no_grad():
        for mine, other in zip(_tensors(call(network, inputs)), _tensors(call(twin, inputs)), strict=True):
            close = bool(torch.allclose(mine, other, atol=1e-6))
            demand(close, cls, "must give the same outputs after a `.keras` round trip")


def _save(network: Network, path: Any) -> None:
    """Save a network; what Keras deprecates in its own use of NumPy is not the author's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        network.save(path)


def _named(outputs: Any, signature: Signature) -> Mapping[str, Any]:
    return outputs if isinstance(outputs, Mapping) else {next(iter(signature.outputs)): outputs}


def _tensors(outputs: Any) -> Iterator[Tensor]:
    """Yield every tensor in a structure of mappings and lists."""
    if isinstance(outputs, Mapping):
        for value in outputs.values():
            yield from _tensors(value)
    elif isinstance(outputs, Sequence):
        for value in outputs:
            yield from _tensors(value)
    else:
        yield outputs


def _random(field: Field, batch: int) -> Tensor:
    import torch

    shape = (batch, *(side if isinstance(side, int) else _SIDE for side in field.shape))
    rng = np.random.Generator(np.random.PCG64(0))
    if field.dtype.startswith("int"):
        return torch.from_numpy(rng.integers(0, field.num_classes, shape).astype(field.dtype))
    return torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))
