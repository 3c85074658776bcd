"""Layers as DCGAN sets them; imported only where a network is built.

Kernels are 4x4 as in the torch lineage (the paper's are 5x5): with stride 2 they cover every pixel equally often, so
transposed convolutions leave no checkerboard of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import keras

from ganzoo import Field, layers

Normalization = Literal["batch", "layer", "none"]

#: The side of the smallest feature map.
BASE = 4


def new_weights() -> keras.initializers.Initializer:
    """Return N(0, 0.02) for one layer: a second layer would draw the same weights from it."""
    return keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


def project(latent: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Return 4 x 4 feature maps of the latents, normalized and through ReLU."""
    flat = layers.Dense(BASE * BASE * filters, use_bias=False, kernel_initializer=new_weights())(latent)
    values = keras.layers.Reshape((BASE, BASE, filters))(flat)
    return keras.layers.ReLU()(_batch_normalization()(values))


def double(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Return feature maps with sides twice as long, normalized and through ReLU."""
    return keras.layers.ReLU()(_batch_normalization()(_doubling(filters, use_bias=False)(values)))


def double_to_image(values: keras.KerasTensor, channels: int, name: str) -> keras.KerasTensor:
    """Return an image in [-1, 1] with sides twice as long."""
    return keras.layers.Activation("tanh", name=name)(_doubling(channels, use_bias=True)(values))


def halve(values: keras.KerasTensor, filters: int, normalization: Normalization) -> keras.KerasTensor:
    """Return feature maps with sides half as long, normalized and through LeakyReLU 0.2."""
    convolution = layers.Conv2D(
        filters, 4, strides=2, padding="same", use_bias=normalization == "none", kernel_initializer=new_weights()
    )
    values = convolution(values)
    if normalization == "batch":
        values = _batch_normalization()(values)
    elif normalization == "layer":
        # over all values of one example, with one scale per channel, as the authors of WGAN-GP have it
        values = layers.GroupNormalization(groups=1, epsilon=1e-5)(values)
    return layers.LeakyReLU(0.2)(values)


def only_field(fields: Mapping[str, Field], rank: int) -> tuple[str, Field]:
    """Return name and field of the single input or output of this rank; ValueError when it is not that."""
    if len(fields) != 1 or len(next(iter(fields.values())).shape) != rank:
        received = ", ".join(f"'{name}' ({field})" for name, field in fields.items())
        kind = "image (height x width x channels)" if rank == 3 else "row of latents"
        raise ValueError(f"works with one {kind}, received {received}")
    return next(iter(fields.items()))


def square_image(field: Field) -> tuple[int, int]:
    """Return how often 4 doubles to the image's side, and the channels; ValueError for any other image."""
    height, width, channels = field.shape
    doublings = (height // BASE).bit_length() - 1 if height else 0
    if doublings < 1 or channels is None or not height == width == BASE * 2**doublings:
        raise ValueError(f"needs square images with a side of 8, 16, 32, 64, ... (4 * 2^k), received {field}")
    return doublings, channels


def _doubling(filters: int, *, use_bias: bool) -> keras.Layer:
    return layers.Conv2DTranspose(
        filters, 4, strides=2, padding="same", use_bias=use_bias, kernel_initializer=new_weights()
    )


def _batch_normalization() -> keras.Layer:
    scales = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scales)
