"""The U-Net generator of pix2pix (arXiv 1611.07004; U-Net, arXiv 1505.04597)."""

from __future__ import annotations

from typing import Any, Literal

import keras

from ganzoo import layers
from ganzoo.blocks.at_test import BatchStatisticsAtTest, DropoutAtTest

Normalization = Literal["batch", "instance"]
Enlargement = Literal["transposed", "nearest"]


def unet(
    image: keras.KerasTensor,
    channels: int,
    *,
    filters: int = 64,
    depth: int = 8,
    normalization: Normalization = "batch",
    dropout: float = 0.0,
    dropout_at_test: bool = False,
    batch_statistics_at_test: bool = False,
    enlargement: Enlargement = "transposed",
) -> keras.KerasTensor:
    """Return an image in [-1, 1] of the input's size with `channels`; sides must be multiples of 2**depth.

    On the way down `depth` 4x4 convolutions of stride 2 after LeakyReLU 0.2, channels doubling from `filters` to at
    most 8 `filters`. On the way up as many transposed ones after ReLU, each but the first on the activations of its
    size from both ways, and tanh. Normalization after each convolution but the first, the innermost and the last.
    `dropout` (0.5 in the paper) on the way up where the width is 8 `filters`, except after the innermost. As in the
    authors' code, only the last convolution has a bias with batch normalization, all have with instance normalization;
    weights start from N(0, 0.02), scales from N(1, 0.02).

    In the paper dropout stays on and batches are normalized by their own statistics outside of training too:
    `dropout_at_test` and `batch_statistics_at_test`. With `enlargement` "nearest" pixels are doubled before a 3x3
    convolution in the place of each transposed one, whose kernels overlap in a checkerboard (Odena et al., 2016).
    """
    height, width = image.shape[1:3]
    if any(side is not None and side % 2**depth for side in (height, width)):
        raise ValueError(f"needs sides that are multiples of {2**depth} at depth {depth}, received {height} x {width}")

    def down(values: keras.KerasTensor, width: int) -> keras.KerasTensor:
        return layers.Conv2D(width, 4, strides=2, use_bias=use_bias, **_options())(values)

    def up(values: keras.KerasTensor, width: int) -> keras.KerasTensor:
        return _doubled(keras.layers.ReLU()(values), width, enlargement, use_bias=use_bias)

    def normalized(values: keras.KerasTensor) -> keras.KerasTensor:
        return _normalized(values, normalization, batch_statistics_at_test=batch_statistics_at_test)

    make_dropout = DropoutAtTest if dropout_at_test else keras.layers.Dropout
    use_bias = normalization != "batch"
    widths = [filters * min(2**power, 8) for power in range(depth)]
    skips = [down(image, widths[0])]
    for number, width in enumerate(widths[1:], start=2):
        values = down(layers.LeakyReLU(0.2)(skips[-1]), width)
        skips.append(values if number == depth else normalized(values))
    values = skips.pop()
    for number, (width, skip) in enumerate(zip(reversed(widths[:-1]), reversed(skips), strict=True)):
        values = normalized(up(values, width))
        if dropout and number and width == 8 * filters:
            values = make_dropout(dropout)(values)
        values = keras.layers.Concatenate()([skip, values])
    last = _doubled(keras.layers.ReLU()(values), channels, enlargement)
    return keras.layers.Activation("tanh")(last)


def _doubled(
    values: keras.KerasTensor, width: int, enlargement: Enlargement, *, use_bias: bool = True
) -> keras.KerasTensor:
    if enlargement == "transposed":
        return layers.Conv2DTranspose(width, 4, strides=2, use_bias=use_bias, **_options())(values)
    return layers.Conv2D(width, 3, use_bias=use_bias, **_options())(layers.UpSampling2D(2)(values))


def _options() -> dict[str, Any]:
    return {"padding": "same", "kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)}


def _normalized(
    values: keras.KerasTensor, normalization: Normalization, *, batch_statistics_at_test: bool
) -> keras.KerasTensor:
    if normalization == "instance":
        return layers.InstanceNormalization(center=False, scale=False)(values)
    scale = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    if batch_statistics_at_test:
        return BatchStatisticsAtTest(epsilon=1e-5, gamma_initializer=scale)(values)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scale)(values)
