"""The generator of CycleGAN in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import keras

from ganzoo import Network, Signature, blocks, layers

if TYPE_CHECKING:
    from ganzoo_cyclegan.resnet_generator import ResNetGenerator

_Normalization = Literal["batch", "instance"]


def resnet_generator(options: ResNetGenerator, signature: Signature) -> Network:
    """Return residual blocks between halvings and doublings, for images of any sides that can be halved so often."""
    given, made = blocks.image_to_image(signature)
    height, width, channels = given.sides
    if height % 2**options.halvings or width % 2**options.halvings:
        raise ValueError(f"needs sides that are multiples of {2**options.halvings}, received {given}")
    normalization = options.normalization
    widths = [options.filters * 2**power for power in range(options.halvings + 1)]
    image = keras.Input((None, None, channels), name="image")
    values = _stage(_wide(image, widths[0], normalization), normalization)
    for width in widths[1:]:
        values = _stage(_halved(values, width, normalization), normalization)
    for _ in range(options.blocks):
        values = _residual(values, widths[-1], normalization)
    for width in reversed(widths[:-1]):
        values = _stage(_doubled(values, width, normalization), normalization)
    padded = layers.ReflectionPadding2D(3)(values)
    output = layers.Conv2D(made.sides[2], 7, activation="tanh", kernel_initializer=_normal())(padded)
    return keras.Model(image, output, name="resnet_generator")


def _residual(values: keras.KerasTensor, filters: int, normalization: _Normalization) -> keras.KerasTensor:
    def convolution(given: keras.KerasTensor) -> keras.KerasTensor:
        padded = layers.ReflectionPadding2D(1)(given)
        return _normalized(layers.Conv2D(filters, 3, **_options(normalization))(padded), normalization)

    inner = keras.layers.ReLU()(convolution(values))
    return keras.layers.Add()([values, convolution(inner)])


def _stage(values: keras.KerasTensor, normalization: _Normalization) -> keras.KerasTensor:
    return keras.layers.ReLU()(_normalized(values, normalization))


def _wide(values: keras.KerasTensor, filters: int, normalization: _Normalization) -> keras.KerasTensor:
    return layers.Conv2D(filters, 7, **_options(normalization))(layers.ReflectionPadding2D(3)(values))


def _halved(values: keras.KerasTensor, filters: int, normalization: _Normalization) -> keras.KerasTensor:
    # not "same", whose zeros behind would move what the network sees by a pixel from the authors' code
    return layers.PaddedConv2D(filters, 3, zeros=1, strides=2, **_options(normalization))(values)


def _doubled(values: keras.KerasTensor, filters: int, normalization: _Normalization) -> keras.KerasTensor:
    """Return the transposed convolution whose first row and column the authors' code leaves out, not the last."""
    options = _options(normalization)
    return layers.CroppedConv2DTranspose(filters, 3, strides=2, crops=((1, 0), (1, 0)), **options)(values)


def _normalized(values: keras.KerasTensor, normalization: _Normalization) -> keras.KerasTensor:
    if normalization == "instance":
        return layers.InstanceNormalization(center=False, scale=False)(values)
    scale = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scale)(values)


def _options(normalization: _Normalization) -> dict[str, Any]:
    return {"use_bias": normalization == "instance", "kernel_initializer": _normal()}


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
