"""Real and fake through a discriminator in one batch, as if each had gone alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import torch
from keras.src.models.functional import Functional

from ganzoo.contracts.halves import parts_of_batch

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network, Tensor

#: Where Keras keeps layers that treat each example by itself; those of other modules may not.
_KERAS = tuple(
    f"keras.src.layers.{place}"
    for place in (
        "activations",
        "convolutional",
        "core.dense",
        "core.input_layer",
        "merging",
        "normalization.group_normalization",
        "normalization.layer_normalization",
        "pooling",
        "regularization.dropout",
        "reshaping",
    )
)


def each_part(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """Apply to each batch in `values` by itself what looks at a whole batch (its statistics, say)."""
    if parts_of_batch() == 1:
        return function(values)
    return torch.cat([function(part) for part in values.chunk(parts_of_batch())])


def treats_examples_apart(network: Network) -> bool:
    """Return whether two batches may go through a network as one: whether no layer mixes their examples.

    True where all layers are ganzoo's, such of Keras' as see one example at a time, and others that say so by a class
    attribute `examples_apart = True`, as a network with code of its own may.
    """
    if hasattr(network, "examples_apart"):
        return bool(network.examples_apart)
    if isinstance(network, keras.Sequential):
        return all(_is_apart(layer) for layer in network.layers)
    if type(network).call is not Functional.call:
        return False
    return all(_is_apart(operation) for operation in network.operations)


def _is_apart(operation: Any) -> bool:
    if isinstance(operation, keras.Model):
        return treats_examples_apart(operation)
    if isinstance(operation, keras.layers.Wrapper) and not _is_apart(operation.layer):
        return False
    home = type(operation).__module__
    return bool(getattr(operation, "examples_apart", home.startswith(("ganzoo.layers.", *_KERAS))))
