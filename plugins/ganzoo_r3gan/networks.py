"""The networks of R3GAN in plain Keras."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers
from ganzoo_r3gan.learned_maps import LearnedMaps
from ganzoo_r3gan.resampling import FilteredDownsampling, FilteredUpsampling

if TYPE_CHECKING:
    from ganzoo_r3gan.r3gan_discriminator import R3GANDiscriminator
    from ganzoo_r3gan.r3gan_generator import R3GANGenerator

_SLOPE = 0.2
#: Keeps the variance of what LeakyReLU is given.
_GAIN = sqrt(2 / (1 + _SLOPE**2))
_WIDE_STAGES = 4
_EXPANSION = 2


def generator(options: R3GANGenerator, signature: Signature) -> Network:
    """Return learned maps and stages between which the side doubles."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    widths = _widths(options.filters, doublings + 1)
    latents = inputs.values
    if inputs.label is not None:
        embedded = _linear(options.embedding, inputs.num_classes)(inputs.one_hot())
        latents = keras.layers.Concatenate()([latents, embedded])
    values = LearnedMaps(start)(_linear(widths[0], latents.shape[-1])(latents))
    for number, width in enumerate(widths):
        if number:
            values = FilteredUpsampling()(_resized(values, width))
        for _ in range(options.blocks):
            values = _block(values, options.group_width, len(widths) * options.blocks)
    images = _convolution(image.sides[-1], 1, 1.0, widths[-1], name=name)(values)
    return keras.Model(inputs.model, images, name="r3gan_generator")


def discriminator(options: R3GANDiscriminator, signature: Signature) -> Network:
    """Return stages between which the side halves, and a logit from the sum of each weighed channel."""
    inputs = blocks.discriminator_inputs(signature)
    image = blocks.image_to_judge(signature)
    start, doublings = blocks.start_and_doublings(image)
    widths = _widths(options.filters, doublings + 1)[::-1]
    values = _convolution(widths[0], 1, 1.0, image.sides[-1])(inputs.values)
    for number, width in enumerate(widths):
        if number:
            values = _resized(FilteredDownsampling()(values), width)
        for _ in range(options.blocks):
            values = _block(values, options.group_width, len(widths) * options.blocks)
    weighed = keras.layers.DepthwiseConv2D(start, use_bias=False, depthwise_initializer=_normal(1.0, start * start))
    features = keras.layers.Flatten(name="features")(weighed(values))
    return discriminator_model(
        inputs.model, features, signature, logits=_logits(inputs, features), name="r3gan_discriminator"
    )


def _logits(inputs: blocks.NetworkInputs, features: keras.KerasTensor) -> keras.KerasTensor:
    width = features.shape[-1]
    if inputs.label is None:
        return _linear(1, width, name="logits")(features)
    embedding = layers.Dense(width, use_bias=False, kernel_initializer=_normal(1 / sqrt(width), inputs.num_classes))
    return keras.layers.Dot(axes=1, name="logits")([embedding(inputs.one_hot()), _linear(width, width)(features)])


def _widths(filters: int, stages: int) -> list[int]:
    """Return the channels of stages from small to large maps."""
    return [max(filters >> max(number - _WIDE_STAGES + 1, 0), 1) for number in range(stages)]


def _block(values: keras.KerasTensor, group_width: int, count: int) -> keras.KerasTensor:
    """Return values plus a bottleneck turned around: 1x1, grouped 3x3 at twice the width, 1x1 that starts at zero."""
    width = values.shape[-1]
    wide, groups = _EXPANSION * width, _EXPANSION * width // group_width
    if wide % group_width:
        raise ValueError(f"needs filters that make whole groups of {group_width}, but a stage has {width}")
    gain = _GAIN * count ** (-1 / 4)
    inner = layers.LeakyReLU(_SLOPE)(_convolution(wide, 1, gain, width, use_bias=True)(values))
    grouped = _convolution(wide, 3, gain, wide // groups, use_bias=True, groups=groups)
    inner = layers.LeakyReLU(_SLOPE)(grouped(inner))
    return keras.layers.Add()([values, _convolution(width, 1, 0.0, wide)(inner)])


def _resized(values: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Return a 1x1 convolution where the number of channels changes."""
    before = values.shape[-1]
    return values if before == width else _convolution(width, 1, 1.0, before)(values)


def _convolution(
    filters: int,
    size: int,
    gain: float,
    inputs: int,
    *,
    use_bias: bool = False,
    groups: int = 1,
    name: str | None = None,
) -> keras.Layer:
    return layers.Conv2D(
        filters,
        size,
        padding="same",
        groups=groups,
        use_bias=use_bias,
        kernel_initializer=_normal(gain, inputs * size * size),
        name=name,
    )


def _linear(units: int, inputs: int, name: str | None = None) -> keras.Layer:
    return layers.Dense(units, use_bias=False, kernel_initializer=_normal(1.0, inputs), name=name)


def _normal(gain: float, fan_in: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=gain / sqrt(fan_in)) if gain else keras.initializers.Zeros()
