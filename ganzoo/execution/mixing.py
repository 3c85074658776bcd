"""Which networks may judge real and fake in one batch: those in which no layer mixes samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from ganzoo.execution.keras_internals import flat_layers, nodes_in_order, uses_graph

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

#: Keras modules whose layers compute each sample by itself; layers of other modules may not.
_KERAS = tuple(
    f"keras.src.layers.{place}"
    for place in (
        "activations",
        "convolutional",
        "core.dense",
        "core.embedding",
        "core.identity",
        "core.input_layer",
        "merging",
        "normalization.group_normalization",
        "normalization.layer_normalization",
        "pooling",
        "regularization.dropout",
        "regularization.gaussian_noise",
        "reshaping",
    )
)

#: Keras operations on tensors that compute each element by itself: what `0.5 * images + 0.5` is made of, and the like.
_ELEMENTWISE = frozenset(
    [
        "Absolute",
        "Add",
        "Divide",
        "Exp",
        "LeakyRelu",
        "Log",
        "Log1p",
        "Maximum",
        "Minimum",
        "Multiply",
        "Negative",
        "Power",
        "Reciprocal",
        "Relu",
        "Sigmoid",
        "Silu",
        "Softplus",
        "Sqrt",
        "Square",
        "Subtract",
        "Tanh",
        "TrueDivide",
    ]
)

#: Keras operations that make one number of those along their axes.
_REDUCTIONS = frozenset(("Max", "Mean", "Min", "Sum"))


def is_per_sample(network: Network) -> bool:
    """Return whether two concatenated batches give what each gives alone.

    True where each layer is one of ganzoo's (which separate the batches where they use batch statistics), a Keras
    layer that computes each sample by itself, or a layer or network whose class states `per_sample = True`; between
    layers there may be arithmetic on tensors, and sums and means over axes other than the batch's.
    """
    if hasattr(network, "per_sample"):
        return bool(network.per_sample)
    if isinstance(network, keras.Sequential):
        return all(_is_per_sample_layer(layer) for layer in network.layers)
    if not uses_graph(network):
        return False
    return all(_is_per_sample_node(node) for node in nodes_in_order(network))


def batch_normalizations(network: Network) -> list[str]:
    """Return the names of the layers that normalize with the statistics of the batch."""
    return [layer.name for layer in flat_layers(network) if isinstance(layer, keras.layers.BatchNormalization)]


def _is_per_sample_node(node: Any) -> bool:
    operation = node.operation
    if isinstance(operation, keras.Layer):
        return _is_per_sample_layer(operation)
    name = type(operation).__name__ if _home(operation).startswith("keras.src.ops.") else ""
    if name in _REDUCTIONS:
        rank = len(node.input_tensors[0].shape)
        return operation.axis is not None and all(axis % rank for axis in keras.tree.flatten(operation.axis))
    return name in _ELEMENTWISE and _keeps_batch_axis(node)


def _keeps_batch_axis(node: Any) -> bool:
    """Return whether the values of a network meet with their batch axes, and constants have none."""
    rank = len(node.outputs[0].shape)
    symbolic = {id(tensor) for tensor in node.input_tensors}
    given = keras.tree.flatten([node.arguments.args, node.arguments.kwargs])
    constants = [value for value in given if id(value) not in symbolic]
    return all(len(tensor.shape) == rank for tensor in node.input_tensors) and all(
        len(getattr(value, "shape", ())) < rank for value in constants
    )


def _is_per_sample_layer(layer: Any) -> bool:
    if isinstance(layer, keras.Model):
        return is_per_sample(layer)
    if isinstance(layer, keras.layers.Wrapper) and not _is_per_sample_layer(layer.layer):
        return False
    return bool(getattr(layer, "per_sample", _home(layer).startswith(("ganzoo.layers.", *_KERAS))))


def _home(operation: Any) -> str:
    return type(operation).__module__
