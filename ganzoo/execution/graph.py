"""Functional networks without the cost of Keras' bookkeeping at every layer."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import torch

from ganzoo.execution.in_place import activation_in_place
from ganzoo.execution.keras_internals import AutocastScope, nodes_in_order, uses_graph
from ganzoo.execution.modes import mixed_layers

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network, Tensor

#: The inputs that networks declare: values, and the numbers of classes.
_DTYPES = {"float32": (torch.float32,), "int32": (torch.int32,)}

#: The same with what Keras has made of float32 inputs where a network computes in half precision.
_WHEN_MIXED = {"float32": (torch.float32, torch.bfloat16, torch.float16)}


@dataclass(frozen=True)
class _Operation:
    """One operation: what is called, on which values, where its results go, which values nobody needs afterwards."""

    run: Callable[..., Any]
    arguments: Any
    takes_training: bool
    results: tuple[int, ...]
    spent: tuple[int, ...]


@dataclass(frozen=True)
class DirectCall:
    """What runs a functional network's layers without Keras between them.

    `call` replaces the network's `call`. `standalone(inputs, training)` does the same without what Keras does around
    `call`; it returns None for inputs that are not simply the declared tensors. It is None where a layer contains other
    layers: these ask Keras whether they train.
    """

    call: Callable[..., Any]
    standalone: Callable[[Any, bool], Any] | None


def direct_call(network: Network) -> DirectCall | None:
    """Return what runs a functional network's layers by their own code; None where nothing can.

    Keras checks, casts, names and traces around every layer, 0.1 ms each time; the operations, and so every bit, stay
    the same. Inputs other than tensors of the declared dtype and shape take Keras' way. Networks with masks, variables
    with a dtype other than float32 or a custom `call` have no replacement.
    """
    if not uses_graph(network) or not all(_is_plain(operation) for operation in network.operations):
        return None
    mixed = bool(mixed_layers([network]))
    keras_way, operations = network.call, _plan(network, mixed=mixed)
    outputs = [id(output) for output in network.outputs]
    layers = [operation for operation in network.operations if isinstance(operation, keras.Layer)]

    def call(inputs: Any, training: bool | None = None, mask: Any = None, **options: Any) -> Any:
        values = None if _has_masks(mask) or options else _bound(network, inputs, mixed=mixed)
        if values is None:
            return keras_way(inputs, training=training, mask=mask, **options)
        return run(values, training)

    def standalone(inputs: Any, training: bool) -> Any:
        values = _bound(network, inputs, mixed=mixed)
        if any(layer._losses for layer in layers):
            network._clear_losses()  # as Keras does: losses that layers add are those of one call
        return None if values is None else run(values, training)

    def run(values: dict[int, Any], training: bool | None) -> Any:
        for operation in operations:
            arguments, keywords = operation.arguments.fill_in(values)
            if operation.takes_training and training is not None:
                keywords = {**keywords, "training": training}
            result = operation.run(*arguments, **keywords)
            found = (result,) if isinstance(result, torch.Tensor) else keras.tree.flatten(result)
            values.update(zip(operation.results, found, strict=True))
            for key in operation.spent:
                del values[key]
        if len(outputs) == 1 and not isinstance(network._outputs_struct, dict):
            return values[outputs[0]]
        return keras.tree.pack_sequence_as(network._outputs_struct, [values[key] for key in outputs])

    return DirectCall(call, None if mixed or any(layer._layers for layer in layers) else standalone)


def _is_plain(operation: Any) -> bool:
    if not isinstance(operation, keras.Layer):
        return True
    return bool(
        operation.built
        and not _makes_masks(operation)
        and operation.variable_dtype == "float32"
        and getattr(operation, "activity_regularizer", None) is None
        and getattr(operation, "quantization_mode", None) is None
        and not getattr(operation, "_remat_mode", None)
    )


def _makes_masks(layer: keras.Layer) -> bool:
    """Return whether a layer hands masks on, which only Keras' own call passes along."""
    return isinstance(layer, keras.layers.Masking) or bool(getattr(layer, "mask_zero", False))


def _has_masks(mask: Any) -> bool:
    """Return whether any input has a mask; Keras gives a structure of None for several inputs without."""
    parts = mask.values() if isinstance(mask, Mapping) else mask if isinstance(mask, list | tuple) else [mask]
    return any(part is not None for part in parts)


def _plan(network: Network, *, mixed: bool) -> list[_Operation]:
    """Return the operations in Keras' order."""
    nodes = nodes_in_order(network)
    last_use: dict[int, int] = {}
    for index, node in enumerate(nodes):
        last_use.update(dict.fromkeys((id(tensor) for tensor in node.input_tensors), index))
    kept = {id(output) for output in network.outputs}
    spent = [{key for key, use in last_use.items() if use == index and key not in kept} for index in range(len(nodes))]
    writers = {id(output): node.operation for node in nodes for output in node.outputs}
    return [
        _Operation(
            run=_run(node, writers, spent[index], mixed=mixed),
            arguments=node.arguments,
            takes_training=bool(getattr(node.operation, "_call_has_training_arg", False)),
            results=tuple(id(output) for output in node.outputs),
            spent=tuple(spent[index]),
        )
        for index, node in enumerate(nodes)
    ]


def _run(node: Any, writers: Mapping[int, Any], spent: Container[int], *, mixed: bool) -> Callable[..., Any]:
    """Return what is called for a node: an activation may overwrite its input where nothing reads it afterwards."""
    run, keys = _runner(node.operation, mixed=mixed), [id(tensor) for tensor in node.input_tensors]
    if len(keys) != 1 or keys[0] not in spent or keys[0] not in writers:
        return run
    return activation_in_place(node.operation, writers[keys[0]], run)


def _runner(operation: Any, *, mixed: bool) -> Callable[..., Any]:
    """Return a layer's own code, or that of a network inside of this one; operations are called as they are."""
    if not isinstance(operation, keras.Layer) or isinstance(operation, keras.Model):
        inner = direct_call(operation) if isinstance(operation, keras.Model) else None
        called: Callable[..., Any] = operation if inner is None else inner.call
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
        and given.dtype in (_DTYPES | (_WHEN_MIXED if mixed else {})).get(wanted.dtype, ())
        and given.ndim == len(wanted.shape)
        and all(side is None or side == size for side, size in zip(wanted.shape[1:], given.shape[1:], strict=True))
    )
