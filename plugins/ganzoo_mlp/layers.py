"""What both networks are made of; imported only where a network is built."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import keras

from ganzoo import Field, layers


def flat_inputs(fields: Mapping[str, Field]) -> tuple[Any, keras.KerasTensor]:
    """Return the inputs as `keras.Model` takes them, and all their values in one row per example."""
    inputs = {name: keras.Input(fixed_shape(name, field), name=name) for name, field in fields.items()}
    rows = [keras.layers.Flatten(name=f"flat_{name}")(value) for name, value in inputs.items()]
    if len(rows) == 1:
        return next(iter(inputs.values())), rows[0]
    return inputs, keras.layers.Concatenate(name="together")(rows)


def hidden_layers(values: keras.KerasTensor, *, width: int, count: int, activation: str) -> keras.KerasTensor:
    """Return the activations after `count` layers of `width` units; the slope of a leaky unit is 0.2."""
    for number in range(1, count + 1):
        values = layers.Dense(width, name=f"hidden_{number}")(values)
        unit = keras.layers.ReLU() if activation == "relu" else layers.LeakyReLU(0.2)
        values = unit(values)
    return values


def output_layer(values: keras.KerasTensor, name: str, field: Field) -> keras.KerasTensor:
    """Return values of the field's shape and range: tanh for [-1, 1], unbounded where no range is stated."""
    if (field.low, field.high) not in ((-1, 1), (None, None)):
        raise ValueError(f"gives values in [-1, 1] or without limits, but '{name}' is {field}")
    shape = fixed_shape(name, field)
    activation = None if field.low is None else "tanh"
    flat = layers.Dense(prod(shape), activation=activation, name=f"flat_{name}")(values)
    return keras.layers.Reshape(shape, name=name)(flat)


def fixed_shape(name: str, field: Field) -> tuple[int, ...]:
    """Return the shape of a field of floats; ValueError when a side varies or the values are whole numbers."""
    shape = tuple(side for side in field.shape if side is not None)
    if len(shape) != len(field.shape) or not field.dtype.startswith("float"):
        raise ValueError(f"needs floats of a fixed shape, but '{name}' is {field}")
    return shape
