"""The networks of InfoGAN for MNIST, in plain Keras."""

from __future__ import annotations

from dataclasses import replace

import keras

from ganzoo import Field, Network, Signature, blocks, discriminator_model, layers

_DISCRIMINATOR = "infogan_discriminator"


def generator(signature: Signature, *, filters: int) -> Network:
    """Return two fully connected layers and two transposed convolutions."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    height, width = _quarter(image)
    values = _activated(_dense(16 * filters)(inputs.values), 0.0)
    values = _activated(_dense(height * width * 2 * filters)(values), 0.0)
    values = keras.layers.Reshape((height, width, 2 * filters))(values)
    values = _activated(_transposed_convolution(filters)(values), 0.0)
    # a sigmoid s of the paper is 2 s - 1 = tanh(x / 2) here
    images = 0.5 * _transposed_convolution(image.sides[-1])(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(images), name="infogan_generator")


def discriminator(signature: Signature, *, filters: int) -> Network:
    """Return two convolutions and a fully connected layer, with heads for the logit and the code."""
    inputs = blocks.discriminator_inputs(signature)
    _quarter(blocks.image_to_judge(signature))
    values = 0.5 * inputs.values + 0.5
    values = layers.LeakyReLU(0.01)(_convolution(filters)(values))
    values = _activated(_convolution(2 * filters)(values), 0.01)
    features = _activated(_dense(16 * filters)(keras.layers.Flatten()(values)), 0.01)
    asked = {name: field for name, field in signature.outputs.items() if name != "code"}
    model = discriminator_model(
        inputs.model, features, replace(signature, outputs=asked), make_initializer=_normal, name=_DISCRIMINATOR
    )
    if "code" not in signature.outputs:
        return model
    heads = model.output if len(asked) > 1 else dict.fromkeys(asked, model.output)
    told = _activated(_dense(2 * filters)(features), 0.01)
    (width,) = signature.outputs["code"].sides
    heads = {**heads, "code": layers.Dense(width, kernel_initializer=_normal(), name="code")(told)}
    return keras.Model(inputs.model, {name: heads[name] for name in signature.outputs}, name=_DISCRIMINATOR)


def _quarter(image: Field) -> tuple[int, int]:
    height, width, _ = image.sides if None not in image.shape else (0, 0, 0)
    if height % 4 or width % 4 or not height or not width:
        raise ValueError(f"needs images whose sides are multiples of 4, received {image}")
    return height // 4, width // 4


def _activated(values: keras.KerasTensor, slope: float) -> keras.KerasTensor:
    scales = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    values = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scales)(values)
    return layers.LeakyReLU(slope)(values) if slope else keras.layers.ReLU()(values)


def _dense(units: int) -> keras.Layer:
    return layers.Dense(units, kernel_initializer=_normal())


def _convolution(filters: int) -> keras.Layer:
    return layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=_normal())


def _transposed_convolution(filters: int) -> keras.Layer:
    return layers.Conv2DTranspose(filters, 4, strides=2, padding="same", kernel_initializer=_normal())


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
