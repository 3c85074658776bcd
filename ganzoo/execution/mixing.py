"""Which networks may judge real and fake in one batch: those in which no layer mixes samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from ganzoo.execution.keras_internals import flat_layers, uses_graph

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


def is_per_sample(network: Network) -> bool:
    """Return whether two concatenated batches give what each gives alone.

    True where each layer is one of ganzoo's (which separate the batches where they use batch statistics), a Keras
    layer that computes each sample by itself, or a layer or network whose class states `per_sample = True`.
    """
    if hasattr(network, "per_sample"):
        return bool(network.per_sample)
    if isinstance(network, keras.Sequential):
        return all(_is_per_sample_operation(layer) for layer in network.layers)
    if not uses_graph(network):
        return False
    return all(_is_per_sample_operation(operation) for operation in network.operations)


def batch_normalizations(network: Network) -> list[str]:
    """Return the names of the layers that normalize with the statistics of the batch."""
    return [layer.name for layer in flat_layers(network) if isinstance(layer, keras.layers.BatchNormalization)]


def _is_per_sample_operation(operation: Any) -> bool:
    if isinstance(operation, keras.Model):
        return is_per_sample(operation)
    if isinstance(operation, keras.layers.Wrapper) and not _is_per_sample_operation(operation.layer):
        return False
    home = type(operation).__module__
    return bool(getattr(operation, "per_sample", home.startswith(("ganzoo.layers.", *_KERAS))))
