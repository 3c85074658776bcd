"""A network as a `.keras` file of Keras' own layers alone, which loads where there is no ganzoo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from ganzoo import layers
from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.tensor import Network
from ganzoo.execution.keras_internals import declared_inputs, flat_layers, fresh_layer_names, has_graph, run_graph
from ganzoo.training.export import export_bytes, is_drop_in


def export_keras(network: Network) -> bytes:
    """Return a network as a `.keras` file that plain Keras loads; PluginError naming the layer that prevents it."""
    return export_bytes(stock_network(network))


def stock_network(network: Network) -> Network:
    """Return a network of Keras' own layers and operations with the same outputs in inference; it shares weights.

    A layer of another package says itself what takes its place, with a method `to_keras`: it is given Keras tensors as
    `call` is, and returns what Keras' layers and operations make of them. PluginError for a layer without one, and for
    a network with a `call` of its own.
    """
    if not has_graph(network):
        raise broken_contract(network, f"network '{network.name}'", f"has a call of its own, {_INSTEAD}")
    inputs = keras.tree.map_structure(_input_like, declared_inputs(network))
    return keras.Model(inputs, run_graph(network, inputs, _Stock()), name=network.name)


_INSTEAD = "so plain Keras cannot rebuild it; export it to onnx, torch or safetensors"


class _Stock:
    """Returns what takes the place of each operation: itself, or a network of Keras' own layers. One for each layer."""

    def __init__(self) -> None:
        self._made: dict[int, Network] = {}

    def __call__(self, operation: Any) -> Any:
        if isinstance(operation, keras.Model):
            return self._once(operation, lambda: stock_network(operation))
        if _is_stock(operation):
            return operation
        if not hasattr(operation, "to_keras"):
            problem = f"is not a layer of Keras and has no method to_keras, {_INSTEAD}"
            raise broken_contract(operation, _told(operation), problem)

        def replaced(*inputs: Any, **_options: Any) -> Any:
            return self._once(operation, lambda: _decomposed(operation, inputs))(list(inputs))

        return replaced

    def _once(self, operation: Any, make: Callable[[], Network]) -> Network:
        if id(operation) not in self._made:
            self._made[id(operation)] = make()
        return self._made[id(operation)]


def _decomposed(layer: keras.Layer, called_with: tuple[Any, ...]) -> Network:
    """Return a network for a layer, named as it: names inside it cannot collide with others."""
    inputs = [keras.tree.map_structure(_input_like, value) for value in called_with]
    with fresh_layer_names(), blaming(layer, f"{_told(layer)}, to_keras()"):
        outputs = layer.to_keras(*inputs)
    return stock_network(keras.Model(inputs, outputs, name=layer.name))


def _is_stock(operation: Any) -> bool:
    """Return whether plain Keras has it, with all layers inside it; ganzoo's faster ones are saved as Keras' own."""
    parts = flat_layers(operation) if isinstance(operation, keras.Layer) else [operation]
    return all(_is_from_keras(part) for part in parts)


def _is_from_keras(operation: Any) -> bool:
    cls, name = type(operation), type(operation).__name__
    return cls.__module__.startswith("keras.") or (cls is getattr(layers, name, None) and is_drop_in(name))


def _input_like(tensor: keras.KerasTensor) -> keras.KerasTensor:
    return keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _told(layer: Any) -> str:
    return f"layer '{layer.name}' ({type(layer).__name__})"
