"""Discriminators that judge patches instead of whole images."""

from __future__ import annotations

from typing import Literal

import keras

from ganzoo import layers

Normalization = Literal["batch", "instance", "none"]


def patch_discriminator(
    image: keras.KerasTensor, *, filters: int = 64, halvings: int = 3, normalization: Normalization = "batch"
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the last activations and a map of logits (batch, h, w, 1) (PatchGAN; pix2pix, arXiv 1611.07004).

    4x4 convolutions from N(0, 0.02): `halvings` of stride 2, then two of stride 1, the last of which gives the logits.
    Channels double from `filters` to at most 8 `filters`; LeakyReLU 0.2 after each but the last, normalization after
    each but the first and the last. Each logit sees 70 x 70 pixels with 3 halvings, 34 with 2, 16 with 1. As in the
    authors' code a convolution of stride 1 makes the map one smaller.
    """
    values = layers.LeakyReLU(0.2)(_convolution(image, filters, 2, use_bias=True))
    for power in range(1, halvings + 1):
        width, stride = filters * min(2**power, 8), 2 if power < halvings else 1
        values = _convolution(values, width, stride, use_bias=normalization != "batch")
        values = layers.LeakyReLU(0.2)(_normalized(values, normalization))
    return values, _convolution(values, 1, 1, use_bias=True)


def _convolution(values: keras.KerasTensor, filters: int, stride: int, *, use_bias: bool) -> keras.KerasTensor:
    # not "same", which would add a second row and column behind at a stride of 1
    normal = keras.initializers.RandomNormal(stddev=0.02)
    layer = layers.PaddedConv2D(filters, 4, zeros=1, strides=stride, use_bias=use_bias, kernel_initializer=normal)
    return layer(values)


def _normalized(values: keras.KerasTensor, normalization: Normalization) -> keras.KerasTensor:
    if normalization == "batch":
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values)
    return layers.InstanceNormalization(center=False, scale=False)(values) if normalization == "instance" else values
