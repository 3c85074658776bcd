"""The networks of SAGAN in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, Signature, blocks, layers

_MOST = 16


def generator(signature: Signature, *, filters: int, attention: int) -> Network:
    """Return blocks that double the side and halve the channels."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    blocks.require_attention_side(attention, [start << power for power in range(1, doublings + 1)])
    widths = [filters * min(2**power, _MOST) for power in reversed(range(doublings))]
    values = layers.SpectralNormalization(layers.Dense(start * start * widths[0]))(inputs.values)
    values = keras.layers.Reshape((start, start, widths[0]))(values)
    for width in widths:
        values = blocks.residual_up(values, width, normalize=blocks.normalization_by_class(inputs), spectral=True)
        values = blocks.attention_at(values, attention)
    values = keras.layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values))
    values = layers.SpectralNormalization(layers.Conv2D(image.sides[-1], 3, padding="same"))(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(values), name="sagan_generator")


def discriminator(signature: Signature, *, filters: int, attention: int) -> Network:
    """Return blocks that halve the side and double the channels, and one that keeps both."""
    inputs = blocks.discriminator_inputs(signature)
    start, doublings = blocks.start_and_doublings(blocks.image_to_judge(signature))
    blocks.require_attention_side(attention, [start << power for power in range(doublings)])
    values = inputs.values
    for power in range(doublings):
        values = blocks.residual_down(values, filters * min(2**power, _MOST), first=power == 0)
        values = blocks.attention_at(values, attention)
    values = blocks.residual_down(values, values.shape[-1], halve=False)
    return blocks.spectral_judge(inputs, values, signature, name="sagan_discriminator")
