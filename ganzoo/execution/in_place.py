"""Activations that overwrite their input, where nobody needs it any more: less memory, the same bits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

#: Layers whose output is memory of its own, which their derivative does not look at. Not their subclasses elsewhere.
_WRITERS = frozenset(
    f"ganzoo.layers.{name}"
    for name in (
        "convolution.Conv2D",
        "convolution.Conv2DTranspose",
        "convolution.CroppedConv2DTranspose",
        "convolution.PaddedConv2D",
        "dense.Dense",
        "equalized.EqualizedConv2D",
        "equalized.EqualizedDense",
        "normalization.BatchNormalization",
        "normalization.InstanceNormalization",
    )
)
_LAST = (0, 2, 3, 1)


def activation_in_place(activation: Any, writer: Any, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does an activation on the memory of what `writer` has made; `otherwise` where that is not sound."""
    slope = _slope(activation) if _writes_anew(writer) else None
    return otherwise if slope is None else partial(_activated, activation, slope, otherwise)


def _writes_anew(layer: Any) -> bool:
    if isinstance(layer, keras.layers.Wrapper):
        return _name(layer) == "ganzoo.layers.spectral.SpectralNormalization" and _writes_anew(layer.layer)
    linear = getattr(layer, "activation", None) in (None, keras.activations.linear)
    return _name(layer) in _WRITERS and linear


def _slope(layer: Any) -> float | None:
    """Return the slope below zero of an activation by its layer; None for any other layer.

    Its derivative can be told from the result only where the slope is positive, or zero as `relu` has it.
    """
    if _name(layer) == "ganzoo.layers.activation.LeakyReLU":
        return float(layer.negative_slope) if layer.negative_slope > 0 else None
    plain = type(layer) is keras.layers.ReLU and layer.max_value is None
    return 0.0 if plain and not layer.negative_slope and not layer.threshold else None


def _activated(layer: keras.Layer, slope: float, otherwise: Callable[..., Any], values: Tensor) -> Any:
    """Overwrite the memory below `values`, which is seen with channels last; what is seen otherwise is left alone."""
    changes_dtype = layer.autocast and values.dtype != getattr(torch, layer.compute_dtype)
    if changes_dtype or torch.compiler.is_compiling():  # the compiler finds out itself what it can overwrite
        return otherwise(values)
    below = values._base
    if below is None:
        return _overwritten(values, slope)
    if below.ndim != 4:
        return otherwise(values)
    seen = below.permute(_LAST)
    if values.shape != seen.shape or values.stride() != seen.stride():
        return otherwise(values)
    return _overwritten(below, slope).permute(_LAST)


def _overwritten(values: Tensor, slope: float) -> Tensor:
    if slope:
        return functional.leaky_relu(values, slope, inplace=True)
    return functional.relu(values, inplace=True)


def _name(layer: Any) -> str:
    return f"{type(layer).__module__}.{type(layer).__name__}"
