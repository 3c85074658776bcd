"""How a network computes: in which precision, compiled or operation by operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

#: Keras' policies: weights are float32 in all of them.
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
#: How many shapes of all networks together may be compiled; beyond that torch goes on uncompiled without a word.
_MOST = 64

_is_plain = False


@contextmanager
def building_in(precision: str) -> Iterator[None]:
    """Let layers that are made meanwhile compute in this precision, unless they say otherwise themselves."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def with_float32_outputs(network: Network) -> Network:
    """Let a network give float32 whatever its layers compute in, and return it: losses are no place for rounding."""
    given = network.call

    def call(*arguments: Any, **options: Any) -> Any:
        return _as_float32(given(*arguments, **options))

    network.call = call
    return network


def compile_training(network: Network) -> Network:
    """Let torch compile a network's forward and backward pass in training, and return it.

    Each shape is compiled for itself, when it first comes. Inference, whose shapes vary, stays as it is; so does what
    happens in `plainly`.
    """
    torch._dynamo.config.recompile_limit = max(_MOST, torch._dynamo.config.recompile_limit)
    eager = network.call
    compiled = torch.compile(eager, dynamic=False)

    def call(*arguments: Any, training: bool | None = None, **options: Any) -> Any:
        run = compiled if training and not _is_plain else eager
        return run(*arguments, training=training, **options)

    network.call = call
    return network


def mixed_layers(networks: Iterable[Network]) -> list[keras.Layer]:
    """Return the layers that compute in another precision than their weights have, those inside of others too."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return [layer for layer in layers if layer.compute_dtype != layer.variable_dtype]


@contextmanager
def plainly(layers: Sequence[keras.Layer]) -> Iterator[None]:
    """Let these layers compute in float32, and every network uncompiled, meanwhile.

    For penalties: compiled code has no second derivative, and a gradient's norm needs all digits. And for whatever is
    looked at or scored.
    """
    global _is_plain
    policies = [layer.dtype_policy for layer in layers]
    before, _is_plain = _is_plain, True
    try:
        for layer in layers:
            layer.dtype_policy = "float32"
        yield
    finally:
        for layer, policy in zip(layers, policies, strict=True):
            layer.dtype_policy = policy
        _is_plain = before


def _as_float32(outputs: Any) -> Any:
    if isinstance(outputs, Mapping):
        return {name: _as_float32(value) for name, value in outputs.items()}
    if isinstance(outputs, list | tuple):
        return type(outputs)(_as_float32(value) for value in outputs)
    return outputs.float() if isinstance(outputs, torch.Tensor) and outputs.is_floating_point() else outputs
