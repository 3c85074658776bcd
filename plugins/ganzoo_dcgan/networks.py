"""The networks of DCGAN in plain Keras.

Kernels are 4x4 as in the torch lineage (the paper's are 5x5): with stride 2 they cover every pixel equally often, so
transposed convolutions leave no checkerboard of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import keras

from ganzoo import Field, Network, Signature, discriminator_model, layers

Normalization = Literal["batch", "layer", "none"]

#: The side of the smallest feature map.
_BASE = 4


def generator(signature: Signature, *, filters: int) -> Network:
    """Return transposed convolutions from latents to a square image in [-1, 1]."""
    _, latent = _only_field(signature.inputs, rank=1)
    name, image = _only_field(signature.outputs, rank=3)
    if (image.low, image.high) != (-1, 1):
        raise ValueError(f"gives images in [-1, 1], but '{name}' is {image}")

    doublings, channels = _square_image(image)
    first, *others = [filters * 2**power for power in reversed(range(doublings))]
    inputs = keras.Input(latent.shape)
    values = _project(inputs, first)
    for width in others:
        values = _up(values, width)
    images = _transposed_convolution(channels, use_bias=True)(values)
    return keras.Model(inputs, keras.layers.Activation("tanh", name=name)(images), name="dcgan_generator")


def discriminator(signature: Signature, *, filters: int, normalization: Normalization) -> Network:
    """Return strided convolutions from a square image to the outputs of the signature."""
    _, image = _only_field(signature.inputs, rank=3)
    doublings, _ = _square_image(image)
    inputs = keras.Input(image.shape)
    values = _down(inputs, filters, "none")
    for power in range(1, doublings):
        values = _down(values, filters * 2**power, normalization)
    features = keras.layers.Flatten(name="features")(values)
    return discriminator_model(inputs, features, signature, make_initializer=_normal, name="dcgan_discriminator")


def _normal() -> keras.initializers.Initializer:
    """Return N(0, 0.02) for one layer: an initializer that is used twice draws the same weights twice."""
    return keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


def _project(latent: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    flat = layers.Dense(_BASE * _BASE * filters, use_bias=False, kernel_initializer=_normal())(latent)
    values = keras.layers.Reshape((_BASE, _BASE, filters))(flat)
    return keras.layers.ReLU()(_batch_normalization()(values))


def _up(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return keras.layers.ReLU()(_batch_normalization()(_transposed_convolution(filters, use_bias=False)(values)))


def _down(values: keras.KerasTensor, filters: int, normalization: Normalization) -> keras.KerasTensor:
    convolution = layers.Conv2D(
        filters, 4, strides=2, padding="same", use_bias=normalization == "none", kernel_initializer=_normal()
    )
    values = convolution(values)
    if normalization == "batch":
        values = _batch_normalization()(values)
    elif normalization == "layer":
        # over all values of one example, with one scale per channel, as the authors of WGAN-GP have it
        values = layers.GroupNormalization(groups=1, epsilon=1e-5)(values)
    return layers.LeakyReLU(0.2)(values)


def _transposed_convolution(filters: int, *, use_bias: bool) -> keras.Layer:
    return layers.Conv2DTranspose(
        filters, 4, strides=2, padding="same", use_bias=use_bias, kernel_initializer=_normal()
    )


def _batch_normalization() -> keras.Layer:
    scales = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scales)


def _only_field(fields: Mapping[str, Field], rank: int) -> tuple[str, Field]:
    """Return name and field of the only input or output; ValueError unless there is one, of this rank."""
    if len(fields) != 1 or len(next(iter(fields.values())).shape) != rank:
        received = ", ".join(f"'{name}' ({field})" for name, field in fields.items())
        kind = "image (height x width x channels)" if rank == 3 else "row of latents"
        raise ValueError(f"works with one {kind}, received {received}")
    return next(iter(fields.items()))


def _square_image(field: Field) -> tuple[int, int]:
    """Return how often 4 doubles to the image's side, and the channels; ValueError for any other image."""
    height, width, channels = field.sides if None not in field.shape else (0, 0, 0)
    doublings = (height // _BASE).bit_length() - 1
    if doublings < 1 or not height == width == _BASE * 2**doublings:
        raise ValueError(f"needs square images with a side of 8, 16, 32, 64, ... (4 * 2^k), received {field}")
    return doublings, channels
