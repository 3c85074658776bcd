"""The residual networks of SNGAN for small images, in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, Signature, blocks, layers

#: Blocks of a discriminator halve the side down to this one.
_SMALL = 8


def generator(signature: Signature, *, filters: int) -> Network:
    """Return blocks that double the side, from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    values = layers.Dense(start * start * filters)(inputs.values)
    values = keras.layers.Reshape((start, start, filters))(values)
    for _ in range(doublings):
        values = blocks.residual_up(values, filters, normalize=blocks.normalization_by_class(inputs))
    values = keras.layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values))
    values = layers.Conv2D(image.sides[-1], 3, padding="same")(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(values), name="sngan_resnet_generator")


def discriminator(signature: Signature, *, filters: int) -> Network:
    """Return blocks that halve the side, then two that keep it, sum pooling and logits."""
    inputs = blocks.discriminator_inputs(signature)
    blocks.start_and_doublings(blocks.image_to_judge(signature))  # refuses sides that cannot be halved
    values = blocks.residual_down(inputs.values, filters, first=True)
    while values.shape[1] > _SMALL:
        values = blocks.residual_down(values, filters)
    for _ in range(2):
        values = blocks.residual_down(values, filters, halve=False)
    return blocks.spectral_judge(inputs, values, signature, name="sngan_resnet_discriminator")
