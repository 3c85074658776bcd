"""Functional networks without the cost of Keras' bookkeeping at every layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import torch
from keras.src.backend.common.variables import AutocastScope
from keras.src.models.functional import Functional

from ganzoo.layers.modes import mixed_layers

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network, Tensor

#: These hand masks on, which only Keras' own call passes along.
_MASKING = (keras.layers.Masking, keras.layers.Embedding)

#: What Keras has made of float32 inputs where a network computes in half precision.
_HALF = (torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class _Step:
    """One operation: what is called, on which values, where its results go, which values nobody needs afterwards."""

    run: Callable[..., Any]
    arguments: Any
    takes_training: bool
    results: tuple[int, ...]
    spent: tuple[int, ...]


def run_directly(network: Network) -> Network:
    """Let a functional network call its layers' own code, and return it.

    Keras checks, casts, names and traces around every layer, 0.1 ms each time; the operations, and so every bit, stay
    the same. Inputs other than tensors of the declared dtype and shape, and networks with masks, variables of another
    dtype than float32 or code of their own, go Keras' way.
    """
    if type(network).call is not Functional.call or not all(_is_plain(step) for step in network.operations):
        return network
    mixed = bool(mixed_layers([network]))
    keras_way, steps = network.call, _plan(network, mixed=mixed)
    outputs = [id(output) for output in network.outputs]

    def call(inputs: Any, training: bool | None = None, mask: Any = None, **options: Any) -> Any:
        values = None if mask is not None or options else _bound(network, inputs, mixed=mixed)
        if values is None:
            return keras_way(inputs, training=training, mask=mask, **options)
        for step in steps:
            arguments, keywords = step.arguments.fill_in(values)
            if step.takes_training and training is not None:
                keywords = {**keywords, "training": training}
            result = step.run(*arguments, **keywords)
            found = (result,) if len(step.results) == 1 else keras.tree.flatten(result)
            values.update(zip(step.results, found, strict=True))
            for key in step.spent:
                del values[key]
        if len(outputs) == 1 and not isinstance(network._outputs_struct, dict):
            return values[outputs[0]]
        return keras.tree.pack_sequence_as(network._outputs_struct, [values[key] for key in outputs])

    network.call = call
    return network


def _is_plain(operation: Any) -> bool:
    if not isinstance(operation, keras.Layer):
        return True
    return bool(
        operation.built
        and not isinstance(operation, _MASKING)
        and operation.variable_dtype == "float32"
        and getattr(operation, "activity_regularizer", None) is None
        and getattr(operation, "quantization_mode", None) is None
        and not getattr(operation, "_remat_mode", None)
    )


def _plan(network: Network, *, mixed: bool) -> list[_Step]:
    """Return the steps in Keras' order."""
    nodes = [
        node
        for depth in sorted(network._nodes_by_depth, reverse=True)
        for node in network._nodes_by_depth[depth]
        if node.operation and not node.is_input
    ]
    last_use: dict[int, int] = {}
    for index, node in enumerate(nodes):
        last_use.update(dict.fromkeys((id(tensor) for tensor in node.input_tensors), index))
    kept = {id(output) for output in network.outputs}
    return [
        _Step(
            run=_runner(node.operation, mixed=mixed),
            arguments=node.arguments,
            takes_training=bool(getattr(node.operation, "_call_has_training_arg", False)),
            results=tuple(id(output) for output in node.outputs),
            spent=tuple(key for key, use in last_use.items() if use == index and key not in kept),
        )
        for index, node in enumerate(nodes)
    ]


def _runner(operation: Any, *, mixed: bool) -> Callable[..., Any]:
    """Return a layer's own code; networks inside of this one, and operations, are called as they are."""
    if not isinstance(operation, keras.Layer) or isinstance(operation, keras.Model):
        called: Callable[..., Any] = operation
        return called
    return partial(_in_its_precision, operation) if mixed else operation.call


def _in_its_precision(layer: keras.Layer, *arguments: Any, **keywords: Any) -> Any:
    """Call a layer on values, and with variables, in the dtype that it computes in now."""
    dtype = layer.compute_dtype if layer.autocast else None
    values = arguments if dtype is None else [_cast(value, getattr(torch, dtype)) for value in arguments]
    with AutocastScope(dtype):
        return layer.call(*values, **keywords)


def _cast(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, list | tuple):
        return [_cast(part, dtype) for part in value]
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _bound(network: Network, inputs: Any, *, mixed: bool) -> dict[int, Tensor] | None:
    """Return the inputs by the graph's own keys; None where they are not simply the tensors that it declares."""
    declared = network._inputs_struct
    if isinstance(declared, Mapping):
        if not isinstance(inputs, Mapping) or set(inputs) != set(declared):
            return None
        pairs = [(declared[name], inputs[name]) for name in declared]
    elif isinstance(declared, list | tuple):
        if not isinstance(inputs, list | tuple) or len(inputs) != len(declared):
            return None
        pairs = list(zip(declared, inputs, strict=True))
    else:
        pairs = [(declared, inputs)]
    if not all(_fits(wanted, given, mixed=mixed) for wanted, given in pairs):
        return None
    return {id(wanted): given for wanted, given in pairs}


def _fits(wanted: Any, given: Any, *, mixed: bool) -> bool:
    return bool(
        isinstance(given, torch.Tensor)
        and isinstance(wanted, keras.KerasTensor)
        and (given.dtype is torch.float32 or (mixed and given.dtype in _HALF))
        and wanted.dtype == "float32"
        and given.ndim == len(wanted.shape)
        and all(side is None or side == size for side, size in zip(wanted.shape[1:], given.shape[1:], strict=True))
    )
