"""Fully connected networks in plain Keras."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import keras

from ganzoo import Field, Network, Signature, discriminator_model, layers

if TYPE_CHECKING:
    from ganzoo_mlp.mlp_discriminator import MlpDiscriminator

Activation = Literal["relu", "leaky_relu"]

#: A batch of rows has these axes: it needs no flattening.
_AXES_OF_ROWS = 2


def generator(signature: Signature, *, width: int, count: int, activation: Activation) -> Network:
    """Return `count` hidden layers of `width` units between the inputs and the outputs of the signature."""
    inputs, row = _flat_inputs(signature.inputs)
    row = _hidden_layers(row, width=width, count=count, activation=activation)
    outputs = {
        name: _output_layer(row, name, field, layer=f"{name}_output" if name in signature.inputs else name)
        for name, field in signature.outputs.items()
    }
    single = len(outputs) == 1
    return keras.Model(inputs, next(iter(outputs.values())) if single else outputs, name="mlp_generator")


def discriminator(options: MlpDiscriminator, signature: Signature) -> Network:
    """Return hidden layers, whose last activations are the features."""
    inputs, row = _flat_inputs(signature.inputs)
    features = _hidden_layers(
        row,
        width=options.hidden,
        count=options.layers,
        activation=options.activation,
        dropout=options.dropout,
        spectral=options.spectral_normalization,
    )
    if options.minibatch_discrimination:
        features = layers.MinibatchDiscrimination(options.minibatch_discrimination)(features)
    logits = _dense(1, "logits_head", spectral=True)(features) if options.spectral_normalization else None
    return discriminator_model(inputs, features, signature, logits=logits, name="mlp_discriminator")


def _flat_inputs(fields: Mapping[str, Field]) -> tuple[Any, keras.KerasTensor]:
    """Return the inputs as `keras.Model` takes them, and all their values in one row per example."""
    inputs = {name: _input(name, field) for name, field in fields.items()}
    rows = [_row(name, value, fields[name]) for name, value in inputs.items()]
    if len(rows) == 1:
        return next(iter(inputs.values())), rows[0]
    return inputs, keras.layers.Concatenate(name="together")(rows)


def _input(name: str, field: Field) -> keras.KerasTensor:
    if _is_label(field):
        return keras.Input((), dtype="int32", name=name)
    return keras.Input(_fixed_shape(name, field), name=name)


def _row(name: str, value: keras.KerasTensor, field: Field) -> keras.KerasTensor:
    """Return the values of one input in a row per example; a label becomes one value for each class."""
    if _is_label(field):
        return keras.ops.one_hot(value, field.num_classes)
    return value if len(value.shape) == _AXES_OF_ROWS else keras.layers.Flatten(name=f"flat_{name}")(value)


def _is_label(field: Field) -> bool:
    return field.shape == () and field.dtype.startswith("int") and field.high is not None


def _hidden_layers(
    values: keras.KerasTensor,
    *,
    width: int,
    count: int,
    activation: Activation,
    dropout: float = 0.0,
    spectral: bool = False,
) -> keras.KerasTensor:
    for number in range(1, count + 1):
        values = _dense(width, f"hidden_{number}", spectral=spectral)(values)
        values = (keras.layers.ReLU() if activation == "relu" else layers.LeakyReLU(0.2))(values)
        values = keras.layers.Dropout(dropout)(values) if dropout else values
    return values


def _dense(units: int, name: str, *, spectral: bool) -> keras.Layer:
    if spectral:
        return layers.SpectralNormalization(layers.Dense(units), name=name)
    return layers.Dense(units, name=name)


def _output_layer(values: keras.KerasTensor, name: str, field: Field, *, layer: str) -> keras.KerasTensor:
    """Return values of the field's shape and range: tanh for [-1, 1], unbounded where the field states no range."""
    if (field.low, field.high) not in ((-1, 1), (None, None)):
        raise ValueError(f"gives values in [-1, 1] or without limits, but '{name}' is {field}")
    shape = _fixed_shape(name, field)
    activation = None if field.low is None else "tanh"
    flat = layers.Dense(prod(shape), activation=activation, name=f"flat_{layer}")(values)
    return keras.layers.Reshape(shape, name=layer)(flat)


def _fixed_shape(name: str, field: Field) -> tuple[int, ...]:
    if None in field.shape or not field.dtype.startswith("float"):
        raise ValueError(f"needs floats of a fixed shape, but '{name}' is {field}")
    return field.sides
