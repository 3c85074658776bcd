"""The U-Net generator of pix2pix (arXiv 1611.07004; U-Net, arXiv 1505.04597)."""

from __future__ import annotations

from typing import Literal

import keras

from ganzoo import layers

Normalization = Literal["batch", "instance"]


def unet(
    image: keras.KerasTensor,
    channels: int,
    *,
    filters: int = 64,
    depth: int = 8,
    normalization: Normalization = "batch",
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """Return an image in [-1, 1] of the input's size with `channels`; sides must be multiples of 2**depth.

    On the way down `depth` 4x4 convolutions of stride 2 after LeakyReLU 0.2, channels doubling from `filters` to at
    most 8 `filters`. On the way up as many transposed ones after ReLU, each but the first on the activations of its
    size from both ways, and tanh. Normalization after each convolution but the first, the innermost and the last.
    `dropout` (0.5 in the paper) on the way up where the width is 8 `filters`, except after the innermost, as in the
    authors' code. Weights start from N(0, 0.02).
    """
    height, width = image.shape[1:3]
    if any(side is not None and side % 2**depth for side in (height, width)):
        raise ValueError(f"needs sides that are multiples of {2**depth} at depth {depth}, received {height} x {width}")
    widths = [filters * min(2**power, 8) for power in range(depth)]
    skips = [_down(image, widths[0])]
    for number, width in enumerate(widths[1:], start=2):
        values = _down(layers.LeakyReLU(0.2)(skips[-1]), width)
        skips.append(values if number == depth else _normalized(values, normalization))
    values = skips.pop()
    for number, (width, skip) in enumerate(zip(reversed(widths[:-1]), reversed(skips), strict=True)):
        values = _normalized(_up(keras.layers.ReLU()(values), width), normalization)
        if dropout and number and width == 8 * filters:
            values = keras.layers.Dropout(dropout)(values)
        values = keras.layers.Concatenate()([skip, values])
    return keras.layers.Activation("tanh")(_up(keras.layers.ReLU()(values), channels))


def _down(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=_normal())(values)


def _up(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return layers.Conv2DTranspose(filters, 4, strides=2, padding="same", kernel_initializer=_normal())(values)


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def _normalized(values: keras.KerasTensor, normalization: Normalization) -> keras.KerasTensor:
    if normalization == "batch":
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values)
    return layers.InstanceNormalization(center=False, scale=False)(values)
