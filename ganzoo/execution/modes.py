"""How a network computes: in which precision, compiled or operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch

from ganzoo.execution.keras_internals import flat_layers

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

#: Keras' policies: weights are float32 in all of them.
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
#: How many shapes of all networks together may be compiled; beyond that torch silently continues uncompiled.
_MOST = 64

_is_eager = False


@contextmanager
def building_in(precision: str) -> Iterator[None]:
    """Layers that are created inside this block compute in this precision unless they set their own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def with_float32_outputs(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call with float32 outputs in any compute dtype of the layers: losses must not round."""

    def float32_call(*arguments: Any, **options: Any) -> Any:
        return _as_float32(call(*arguments, **options))

    return float32_call


def compiled_in_training(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call whose forward and backward pass torch compiles in training.

    Each input shape is compiled separately when it first occurs. Inference, whose shapes vary, is not compiled, nor is
    what happens inside `float32_eager`.
    """
    torch._dynamo.config.recompile_limit = max(_MOST, torch._dynamo.config.recompile_limit)
    compiled = torch.compile(call, dynamic=False)

    def either(*arguments: Any, training: bool | None = None, **options: Any) -> Any:
        run = compiled if training and not _is_eager else call
        return run(*arguments, training=training, **options)

    return either


def mixed_layers(networks: Iterable[Network]) -> list[keras.Layer]:
    """Return the layers that compute in another precision than their weights have, those inside of others too."""
    layers = (layer for network in networks for layer in flat_layers(network))
    return [layer for layer in layers if layer.compute_dtype != layer.variable_dtype]


@contextmanager
def float32_eager(layers: Sequence[keras.Layer]) -> Iterator[None]:
    """Inside this block these layers compute in float32 and no network runs compiled code.

    For penalties, because compiled code has no second derivative and a gradient's norm needs all digits; and for
    pictures and scores.
    """
    global _is_eager
    policies = [layer.dtype_policy for layer in layers]
    before, _is_eager = _is_eager, True
    try:
        for layer in layers:
            layer.dtype_policy = "float32"
        yield
    finally:
        for layer, policy in zip(layers, policies, strict=True):
            layer.dtype_policy = policy
        _is_eager = before


def _as_float32(outputs: Any) -> Any:
    if isinstance(outputs, Mapping):
        return {name: _as_float32(value) for name, value in outputs.items()}
    if isinstance(outputs, list | tuple):
        return type(outputs)(_as_float32(value) for value in outputs)
    return outputs.float() if isinstance(outputs, torch.Tensor) and outputs.is_floating_point() else outputs
