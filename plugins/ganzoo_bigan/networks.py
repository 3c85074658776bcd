"""The networks of BiGAN for MNIST, in plain Keras."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import keras

from ganzoo import Field, Network, Signature, blocks, discriminator_model, layers

_IMAGE_RANK = 3


def generator(signature: Signature, *, hidden: int) -> Network:
    """Return two hidden layers from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    sides = image.sides
    values = keras.layers.ReLU()(_normalization()(_dense(hidden)(inputs.values)))
    values = keras.layers.Add()([_dense(hidden)(values), _dense(hidden)(inputs.values)])
    values = keras.layers.ReLU()(_normalization()(values))
    # a sigmoid s of the authors' code is 2 s - 1 = tanh(x / 2) here
    halves = 0.5 * _dense(prod(sides))(values)
    flat = keras.layers.Activation("tanh")(halves)
    return keras.Model(inputs.model, keras.layers.Reshape(sides, name=name)(flat), name="bigan_generator")


def encoder(signature: Signature, *, hidden: int) -> Network:
    """Return two hidden layers from an image to latents, and to the features that the second one gives."""
    inputs = blocks.discriminator_inputs(signature)
    if inputs.label is not None:
        raise ValueError("works with an image alone, received a class label too")
    values = layers.LeakyReLU(0.2)(_dense(hidden)(_flat(inputs.values)))
    features = layers.LeakyReLU(0.2)(_normalization()(_dense(hidden)(values)))
    outputs = {name: _encoded(features, name, field) for name, field in signature.outputs.items()}
    made = next(iter(outputs.values())) if len(outputs) == 1 else outputs
    return keras.Model(inputs.model, made, name="bigan_encoder")


def discriminator(signature: Signature, *, hidden: int) -> Network:
    """Return two hidden layers from an image, the second of which takes the latents too, to the logit."""
    image, latent = _joint_inputs(signature.inputs)
    values = layers.LeakyReLU(0.2)(_dense(hidden)(_flat(image)))
    values = keras.layers.Add()([_dense(hidden)(values), _dense(hidden)(latent)])
    features = layers.LeakyReLU(0.2)(_normalization()(values))
    logits = layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="logits")(features)
    inputs = {tensor.name: tensor for tensor in (image, latent)}
    return discriminator_model(
        {name: inputs[name] for name in signature.inputs},
        features,
        signature,
        logits=logits,
        make_initializer=_normal,
        name="bigan_discriminator",
    )


def _joint_inputs(fields: Mapping[str, Field]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the image and the latents as Keras inputs; ValueError for any other inputs."""
    ranks = {len(field.shape): name for name, field in fields.items() if field.dtype.startswith("float")}
    if len(fields) != len(ranks) or set(ranks) != {1, _IMAGE_RANK}:
        listed = ", ".join(f"'{name}' ({field})" for name, field in fields.items())
        raise ValueError(f"works with one image (height x width x channels) and one row of latents, received {listed}")
    image, latent = (keras.Input(fields[ranks[rank]].sides, name=ranks[rank]) for rank in (_IMAGE_RANK, 1))
    return image, latent


def _encoded(features: keras.KerasTensor, name: str, field: Field) -> keras.KerasTensor:
    if name == "features":
        return features
    if (field.low, field.high) not in ((-1, 1), (None, None)) or len(field.shape) != 1:
        raise ValueError(f"gives latents in [-1, 1] or without limits, but '{name}' is {field}")
    (width,) = field.sides
    if field.low is None:
        return layers.Dense(width, use_bias=False, kernel_initializer=_normal(), name=name)(features)
    halves = 0.5 * _dense(width)(features)
    return keras.layers.Activation("tanh", name=name)(halves)


def _flat(image: keras.KerasTensor) -> keras.KerasTensor:
    """Return the pixels of an image in one row per example, in [0, 1]."""
    return keras.layers.Flatten()(0.5 * image + 0.5)


def _dense(units: int) -> keras.Layer:
    return layers.Dense(units, use_bias=False, kernel_initializer=_normal())


def _normalization() -> keras.Layer:
    # the authors average statistics over 1000 batches before each evaluation: a slow moving average comes near to that
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-8, center=False, scale=False)


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
