"""The networks of VAE-GAN, in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Field, Network, Signature, blocks, discriminator_model, layers


def encoder(signature: Signature, *, filters: int) -> Network:
    """Return three strided convolutions and a hidden layer, with a linear layer for each output."""
    inputs = blocks.discriminator_inputs(signature)
    if inputs.label is not None:
        raise ValueError("works with an image alone, received a class label too")
    _eighth(blocks.image_to_judge(signature))
    values = inputs.values
    for factor in (1, 2, 4):
        values = _activated(_convolution(factor * filters, 2)(values))
    values = _hidden(keras.layers.Flatten()(values), 16 * filters)
    outputs = {name: _linear(values, name, field) for name, field in signature.outputs.items()}
    made = next(iter(outputs.values())) if len(outputs) == 1 else outputs
    return keras.Model(inputs.model, made, name="vae_gan_encoder")


def decoder(signature: Signature, *, filters: int) -> Network:
    """Return a hidden layer and three transposed convolutions from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    height, width = _eighth(image)
    latents = inputs.values
    if inputs.label is not None:
        latents = keras.layers.Concatenate()([latents, inputs.one_hot()])
    values = _hidden(latents, height * width * 4 * filters)
    values = keras.layers.Reshape((height, width, 4 * filters))(values)
    for channels in (4 * filters, 2 * filters, filters // 2):
        values = layers.Conv2DTranspose(
            channels, 5, strides=2, padding="same", use_bias=False, kernel_initializer=_uniform()
        )(values)
        values = _activated(values)
    values = _convolution(image.sides[-1], 1, use_bias=True)(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(values), name="vae_gan_decoder")


def discriminator(signature: Signature, *, filters: int) -> Network:
    """Return four convolutions and a hidden layer from an image to the outputs of the signature."""
    _eighth(blocks.image_to_judge(signature))
    inputs = blocks.discriminator_inputs(signature)
    values = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    values = keras.layers.ReLU()(_convolution(filters // 2, 1, use_bias=True)(values))
    for factor in (2, 4):
        values = _activated(_convolution(factor * filters, 2)(values))
    values = _activated(_convolution(4 * filters, 2, name="similarity")(values))
    features = _hidden(keras.layers.Flatten()(values), 8 * filters)
    return discriminator_model(
        inputs.model, features, signature, make_initializer=_uniform, name="vae_gan_discriminator"
    )


def _eighth(image: Field) -> tuple[int, int]:
    height, width, _ = image.sides if None not in image.shape else (0, 0, 0)
    if height % 8 or width % 8 or not height or not width:
        raise ValueError(f"needs images whose sides are multiples of 8, received {image}")
    return height // 8, width // 8


def _linear(values: keras.KerasTensor, name: str, field: Field) -> keras.KerasTensor:
    if len(field.shape) != 1 or field.low is not None:
        raise ValueError(f"gives rows of values without limits, but '{name}' is {field}")
    return layers.Dense(field.sides[0], kernel_initializer=_uniform(), name=name)(values)


def _hidden(values: keras.KerasTensor, units: int) -> keras.KerasTensor:
    values = layers.Dense(units, use_bias=False, kernel_initializer=_uniform())(values)
    return keras.layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values))


def _convolution(filters: int, stride: int, *, use_bias: bool = False, name: str | None = None) -> keras.Layer:
    return layers.Conv2D(
        filters, 5, strides=stride, padding="same", use_bias=use_bias, kernel_initializer=_uniform(), name=name
    )


def _activated(values: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-6)(values))


def _uniform() -> keras.initializers.Initializer:
    """Return U(-a, a) with a = 1 / sqrt(3 fan in), the authors' initializer, for one layer."""
    return keras.initializers.VarianceScaling(scale=1 / 9, mode="fan_in", distribution="uniform")
