"""The convolutional networks of VAE-GAN in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Field, Network, Signature, blocks, discriminator_model, layers

_HALVINGS = 3
_SMALLEST = 2


def encoder(signature: Signature, *, filters: int) -> Network:
    """Return strided convolutions from an image to `moments`: means, then logarithms of deviations."""
    inputs = blocks.discriminator_inputs(signature)
    values = inputs.values
    for power in range(_halvings(blocks.image_to_judge(signature))):
        values = _activated(_convolution(filters * 2**power, 2)(values))
    hidden = _activated(_dense(32 * filters)(keras.layers.Flatten()(values)))
    ((name, moments),) = signature.outputs.items()
    return keras.Model(inputs.model, _dense(moments.sides[0], name=name)(hidden), name="vae_gan_encoder")


def generator(signature: Signature, *, filters: int) -> Network:
    """Return transposed convolutions from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    halvings = _halvings(image)
    height, width = (side >> halvings for side in image.sides[:2])
    values = _activated(_dense(height * width * 4 * filters)(inputs.values))
    values = keras.layers.Reshape((height, width, 4 * filters))(values)
    for channels in (4 * filters, 2 * filters, max(filters // 2, 1))[:halvings]:
        layer = layers.Conv2DTranspose(channels, 5, strides=2, padding="same", kernel_initializer=_start())
        values = _activated(layer(values))
    images = _convolution(image.sides[-1], 1)(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(images), name="vae_gan_generator")


def discriminator(signature: Signature, *, filters: int) -> Network:
    """Return convolutions, the last of them called `deep`, and a hidden layer before the logits."""
    inputs = blocks.discriminator_inputs(signature)
    halvings = _halvings(blocks.image_to_judge(signature))
    values = keras.layers.ReLU()(_convolution(max(filters // 2, 1), 1)(inputs.values))
    widths = (2 * filters, 4 * filters, 4 * filters)[:halvings]
    for number, channels in enumerate(widths, start=1):
        name = "deep" if number == len(widths) else None
        values = _activated(_convolution(channels, 2, name=name)(values))
    hidden = _activated(_dense(8 * filters)(keras.layers.Flatten()(values)))
    features = keras.layers.Identity(name="features")(hidden)
    return discriminator_model(inputs.model, features, signature, name="vae_gan_discriminator")


def _halvings(image: Field) -> int:
    """Return how often both sides can be halved, three times at most; ValueError where not once."""
    height, width, _ = image.sides if None not in image.shape else (0, 0, 0)
    times = 0
    while times < _HALVINGS and not (height | width) % 2 and min(height, width) >= 2 * _SMALLEST:
        height, width, times = height // 2, width // 2, times + 1
    if not times:
        raise ValueError(f"needs images whose sides can be halved, received {image}")
    return times


def _activated(values: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values))


def _convolution(filters: int, stride: int, name: str | None = None) -> keras.Layer:
    return layers.Conv2D(filters, 5, strides=stride, padding="same", kernel_initializer=_start(), name=name)


def _dense(units: int, name: str | None = None) -> keras.Layer:
    return layers.Dense(units, kernel_initializer=_start(), name=name)


def _start() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
