"""The networks of TransGAN in plain Keras, as in the authors' code for CIFAR-10.

Its truncated normal distributions are cut off at 2, which is 100 of their deviations: they are plain ones.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers
from ganzoo_transgan.attention import WindowAttention
from ganzoo_transgan.tokens import ClassToken, PlaceNoise, Positions

if TYPE_CHECKING:
    from ganzoo_transgan.transgan_discriminator import TransGANDiscriminator
    from ganzoo_transgan.transgan_generator import TransGANGenerator

#: Applies a new linear layer: values, units, whether it has a bias.
Linear = Callable[[keras.KerasTensor, int, bool], keras.KerasTensor]

_SHUFFLES = 3
#: Larger maps attend within windows.
_WHOLE = 32
_EXPANSION = 4


def generator(options: TransGANGenerator, signature: Signature) -> Network:
    """Return stages of transformer blocks between which the side doubles."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start = _side_after(options, image.sides, 2 ** (len(options.depths) - 1))
    latents = inputs.values
    if inputs.label is not None:
        latents = keras.layers.Concatenate()([latents, inputs.one_hot()])
    flat = _uniform(latents, start * start * options.filters, True)
    values = keras.layers.Reshape((start, start, options.filters))(flat)
    for number, depth in enumerate(options.depths):
        if number:
            values = _doubled(values, shuffle=number >= len(options.depths) - _SHUFFLES)
        values = Positions()(values)
        for _ in range(depth):
            values = _block(values, options, _uniform)
    convolution = layers.Conv2D(image.sides[-1], 1, bias_initializer=_uniform_bias(values.shape[-1]), name=name)
    return keras.Model(inputs.model, convolution(values), name="transgan_generator")


def discriminator(options: TransGANDiscriminator, signature: Signature) -> Network:
    """Return stages of transformer blocks that begin with patches, and a class token that sees all of the last one."""
    inputs = blocks.discriminator_inputs(signature)
    last = 2 ** (len(options.depths) - 1)
    _side_after(options, blocks.image_to_judge(signature).sides, options.patch * last)
    image = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    widths = _widths(options.filters, len(options.depths))
    values = _patches(image, options.patch, widths[0])
    for number, depth in enumerate(options.depths):
        if number:
            seen = _patches(image, options.patch << number, widths[number])
            values = keras.layers.Concatenate()([layers.AveragePooling2D(2)(values), seen])
        values = Positions()(values)
        for _ in range(depth):
            values = _block(values, options, _normal, noisy=True)
    tokens = values.shape[1] * values.shape[2]
    values = ClassToken()(keras.layers.Reshape((tokens, options.filters))(values))
    values = _normalized(_block(values, options, _normal, noisy=True))
    features = keras.layers.Flatten(name="features")(keras.layers.Cropping1D((0, tokens))(values))
    return discriminator_model(
        inputs.model, features, signature, make_initializer=_small_normal, name="transgan_discriminator"
    )


def _side_after(options: TransGANGenerator | TransGANDiscriminator, sides: tuple[int, ...], divisor: int) -> int:
    """Return the side of the smallest map."""
    height, width = sides[:2]
    if height != width or height % divisor:
        raise ValueError(
            f"needs square images with a side that is a multiple of {divisor} for {len(options.depths)} stages, "
            f"received {height} x {width}"
        )
    return height // divisor


def _widths(filters: int, stages: int) -> list[int]:
    """Return how many channels each stage adds to those of the one before it."""
    if stages == 1:
        return [filters]
    later, rest = divmod(filters, 4 * (stages - 1))
    if rest:
        raise ValueError(f"needs filters that are a multiple of {4 * (stages - 1)} for {stages} stages")
    return [filters * 3 // 4] + [later] * (stages - 1)


def _block(
    values: keras.KerasTensor,
    options: TransGANGenerator | TransGANDiscriminator,
    linear: Linear,
    *,
    noisy: bool = False,
) -> keras.KerasTensor:
    """Return values plus attention, plus two linear layers, each after layer normalization."""
    width = values.shape[-1]
    if width % options.heads:
        raise ValueError(f"needs filters that make channels for {options.heads} heads, but a stage has {width}")
    inner = _normalized(values)
    if noisy:
        inner = PlaceNoise()(inner)
    attention = WindowAttention(options.heads, _window(values.shape[1], options.window))
    inner = linear(attention(linear(inner, 3 * width, False)), width, True)
    values = keras.layers.Add()([values, inner])
    inner = linear(_normalized(values), _EXPANSION * width, True)
    inner = linear(keras.layers.Activation("gelu")(inner), width, True)
    return keras.layers.Add()([values, inner])


def _window(side: int, most: int) -> int:
    """Return the side of the squares: that of the whole map, or its largest divisor up to `most`."""
    return side if side <= _WHOLE else max(part for part in range(1, most + 1) if side % part == 0)


def _doubled(values: keras.KerasTensor, *, shuffle: bool) -> keras.KerasTensor:
    if not shuffle:
        return keras.layers.UpSampling2D(2, interpolation="bicubic")(values)
    if values.shape[-1] % 4:
        raise ValueError(f"needs filters that can be divided by 4 at each doubling, but a stage has {values.shape[-1]}")
    return layers.PixelShuffle(2)(values)


def _patches(image: keras.KerasTensor, side: int, width: int) -> keras.KerasTensor:
    bias = _uniform_bias(image.shape[-1] * side * side)
    return layers.Conv2D(width, side, strides=side, bias_initializer=bias)(image)


def _normalized(values: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.LayerNormalization(epsilon=1e-5)(values)


def _uniform(values: keras.KerasTensor, units: int, use_bias: bool) -> keras.KerasTensor:
    """Return what a linear layer gives that starts as torch's do: weights and bias U(-1, 1) / sqrt(inputs)."""
    kernel = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    bias = _uniform_bias(values.shape[-1])
    return layers.Dense(units, use_bias=use_bias, kernel_initializer=kernel, bias_initializer=bias)(values)


def _uniform_bias(inputs: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomUniform(-1 / sqrt(inputs), 1 / sqrt(inputs))


def _normal(values: keras.KerasTensor, units: int, use_bias: bool) -> keras.KerasTensor:
    return layers.Dense(units, use_bias=use_bias, kernel_initializer=_small_normal())(values)


def _small_normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
