"""The networks of SRGAN, and a small one for CPUs, in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers
from ganzoo_srgan.bicubic_enlargement import BicubicEnlargement

if TYPE_CHECKING:
    from ganzoo_srgan.srresnet import SRResNet
    from ganzoo_srgan.subpixel_resnet import SubpixelResNet

#: The factors of the pixel shuffles that multiply to a scale.
_STAGES = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}

#: Channels (in units of `filters`) and stride of the discriminator's eight convolutions.
_CONVOLUTIONS = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2))


def srresnet(options: SRResNet, signature: Signature) -> Network:
    """Return the generator of SRGAN."""

    def normalized(values: keras.KerasTensor) -> keras.KerasTensor:
        return _batch_normalization()(values) if options.batch_normalization else values

    def block(values: keras.KerasTensor) -> keras.KerasTensor:
        inner = _prelu(normalized(_convolution(options.filters)(values)))
        return keras.layers.Add()([values, normalized(_convolution(options.filters)(inner))])

    scale = blocks.image_scale(signature)
    if scale not in _STAGES:
        raise ValueError(f"enlarges by {', '.join(str(known) for known in _STAGES)}, not by {scale}")
    image = keras.Input((None, None, 3), name="image")
    start = _prelu(_convolution(options.filters, 9)(image))
    values = start
    for _ in range(options.blocks):
        values = block(values)
    values = keras.layers.Add()([start, normalized(_convolution(options.filters)(values))])
    for factor in _STAGES[scale]:
        wide = _convolution(options.filters * factor**2)(values)
        values = _prelu(_pixel_shuffle(factor)(wide))
    return keras.Model(image, _convolution(3, 9)(values), name="srresnet")


def subpixel_resnet(options: SubpixelResNet, signature: Signature) -> Network:
    """Return residual blocks and one sub-pixel convolution, added to the bicubic image."""

    def branch(values: keras.KerasTensor) -> keras.KerasTensor:
        inner = keras.layers.ReLU()(_convolution(options.filters)(values))
        inner = _convolution(options.filters)(inner)
        return inner if options.residual_scale == 1 else keras.layers.Rescaling(options.residual_scale)(inner)

    scale = blocks.image_scale(signature)
    image = keras.Input((None, None, 3), name="image")
    start = _convolution(options.filters)(image)
    values = start
    for _ in range(options.blocks):
        values = keras.layers.Add()([values, branch(values)])
    values = keras.layers.Add()([start, _convolution(options.filters)(values)])
    if options.hr_filters:
        values = _pixel_shuffle(scale)(_convolution(options.hr_filters * scale**2)(values))
        values = _convolution(options.hr_filters)(keras.layers.ReLU()(values))
        detail = _convolution(3, initializer="zeros")(keras.layers.ReLU()(values))
    else:
        detail = _pixel_shuffle(scale)(_convolution(3 * scale**2, initializer="zeros")(values))
    enlarged = keras.layers.Add()([BicubicEnlargement(scale)(image), detail])
    return keras.Model(image, enlarged, name="subpixel_resnet")


def discriminator(signature: Signature, *, filters: int, batch_normalization: bool) -> Network:
    """Return the discriminator of SRGAN."""
    inputs = blocks.discriminator_inputs(signature)
    values = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    for index, (width, stride) in enumerate(_CONVOLUTIONS):
        values = _convolution(width * filters, strides=stride)(values)
        if index and batch_normalization:
            values = _batch_normalization()(values)
        values = layers.LeakyReLU(0.2)(values)
    dense = layers.Dense(16 * filters)(keras.layers.Flatten()(values))
    features = layers.LeakyReLU(0.2, name="features")(dense)
    return discriminator_model(inputs.model, features, signature, name="srgan_discriminator")


def _convolution(filters: int, size: int = 3, *, strides: int = 1, initializer: str | None = None) -> keras.Layer:
    """Return a convolution that keeps the size of the image (or divides it by the stride).

    Weights start uniform with variance 1 / (3 fan_in), as in the public PyTorch implementations: the paper does not
    state them, and He's larger start makes residual blocks without batch normalization grow and train 1 dB worse.
    """
    kernel = initializer or keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(filters, size, strides=strides, padding="same", kernel_initializer=kernel)


def _batch_normalization() -> keras.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _prelu(values: keras.KerasTensor) -> keras.KerasTensor:
    return layers.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.25))(values)


def _pixel_shuffle(scale: int) -> keras.Layer:
    # this order of channels moves whole pixels in memory
    return layers.PixelShuffle(scale, order="keras")
