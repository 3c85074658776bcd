"""The networks of BigGAN in plain Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, layers

if TYPE_CHECKING:
    from ganzoo_biggan.biggan_discriminator import BigGANDiscriminator
    from ganzoo_biggan.biggan_generator import BigGANGenerator
    from ganzoo_biggan.options import Initializer

#: Widths after each block in units of filters, by the number of doublings from 4 (or 7, ...) pixels to the image.
_GENERATOR = {4: (16, 8, 4, 2), 5: (16, 8, 4, 2, 1), 6: (16, 8, 8, 4, 2, 1), 7: (16, 8, 8, 4, 2, 1, 1)}
_DISCRIMINATOR = {
    4: (1, 2, 4, 8, 16),
    5: (1, 2, 4, 8, 16, 16),
    6: (1, 2, 4, 8, 8, 16, 16),
    7: (1, 1, 2, 4, 8, 8, 16, 16),
}
#: Images of up to 32 pixels have the same width everywhere.
_SMALL_WIDTH = 4
_SMALL_HALVINGS = 2


def generator(options: BigGANGenerator, signature: Signature) -> Network:
    """Return blocks that double the side, each conditioned on the class and its part of the latents."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    widths = [options.filters * width for width in _GENERATOR.get(doublings, (_SMALL_WIDTH,) * doublings)]
    blocks.require_attention_side(options.attention, [start << power for power in range(1, doublings + 1)])
    make = _maker(options.initializer)

    first, conditions = _conditions(options, inputs, doublings)
    values = layers.SpectralNormalization(layers.Dense(start * start * widths[0], kernel_initializer=make()))(first)
    values = keras.layers.Reshape((start, start, widths[0]))(values)
    for width, normalize in zip(widths, conditions, strict=True):
        values = blocks.residual_up(values, width, normalize=normalize, spectral=True, make_initializer=make)
        values = blocks.attention_at(values, options.attention)
    values = keras.layers.ReLU()(_batch_normalization()(values))
    convolution = layers.Conv2D(image.sides[-1], 3, padding="same", kernel_initializer=make())
    values = layers.SpectralNormalization(convolution)(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(values), name="biggan_generator")


def discriminator(options: BigGANDiscriminator, signature: Signature) -> Network:
    """Return blocks that halve the side, and one or two that keep it."""
    inputs = blocks.discriminator_inputs(signature)
    start, doublings = blocks.start_and_doublings(blocks.image_to_judge(signature))
    is_small = doublings not in _DISCRIMINATOR
    widths = (_SMALL_WIDTH,) * (_SMALL_HALVINGS + 2) if is_small else _DISCRIMINATOR[doublings]
    halvings = min(_SMALL_HALVINGS, doublings) if is_small else doublings
    blocks.require_attention_side(options.attention, [start << (doublings - power) for power in range(1, halvings + 1)])
    make = _maker(options.initializer)

    values = inputs.values
    for number, width in enumerate(widths):
        filters, halve = options.filters * width, number < halvings
        values = blocks.residual_down(values, filters, first=number == 0, halve=halve, make_initializer=make)
        values = blocks.attention_at(values, options.attention if halve else 0)
    return blocks.spectral_judge(inputs, values, signature, make_initializer=make, name="biggan_discriminator")


def _conditions(
    options: BigGANGenerator, inputs: blocks.NetworkInputs, count: int
) -> tuple[keras.KerasTensor, Sequence[blocks.Normalize | None]]:
    """Return the latents of the first layer, and how each block normalizes."""
    make = _maker(options.initializer)
    if not options.embedding:
        return inputs.values, [blocks.normalization_by_class(inputs)] * count
    parts = [inputs.values] * (count + 1)
    if options.hierarchical:
        parts = _split(inputs.values, count + 1)
    shared = []
    if inputs.label is not None:
        shared = [keras.layers.Embedding(inputs.num_classes, options.embedding, make())(inputs.label)]
    if not options.hierarchical:
        parts[1:] = [None] * count
    conditions = [_joined([*shared, *([part] if part is not None else [])]) for part in parts[1:]]
    return parts[0], [_by_condition(condition, make) for condition in conditions]


def _by_condition(
    condition: keras.KerasTensor | None, make: Callable[[], keras.initializers.Initializer]
) -> blocks.Normalize:
    """Return batch normalization whose scale, from 1, and offset are linear in the condition."""
    if condition is None:
        return lambda values: _batch_normalization()(values)

    def linear(channels: int) -> keras.KerasTensor:
        layer = layers.Dense(channels, use_bias=False, kernel_initializer=make())
        return keras.layers.Reshape((1, 1, channels))(layers.SpectralNormalization(layer)(condition))

    def normalize(values: keras.KerasTensor) -> keras.KerasTensor:
        normalized = layers.BatchNormalization(center=False, scale=False, momentum=0.9, epsilon=1e-5)(values)
        channels = values.shape[-1]
        scale = keras.layers.Rescaling(1.0, offset=1.0)(linear(channels))
        return keras.layers.Add()([keras.layers.Multiply()([normalized, scale]), linear(channels)])

    return normalize


def _split(latents: keras.KerasTensor, parts: int) -> list[keras.KerasTensor]:
    width = latents.shape[-1]
    if width % parts:
        raise ValueError(f"splits the latents into {parts} equal parts; set task.latent_dim to a multiple, not {width}")
    size = width // parts
    return [latents[:, index * size : (index + 1) * size] for index in range(parts)]


def _joined(values: Sequence[keras.KerasTensor]) -> keras.KerasTensor | None:
    if not values:
        return None
    return values[0] if len(values) == 1 else keras.layers.Concatenate()(values)


def _maker(initializer: Initializer) -> Callable[[], keras.initializers.Initializer]:
    if initializer == "orthogonal":
        return lambda: keras.initializers.Orthogonal()
    return lambda: keras.initializers.RandomNormal(stddev=0.02)


def _batch_normalization() -> keras.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
