"""The networks of ProGAN in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, Signature, blocks, layers
from ganzoo_progan.growing import GrowingDiscriminator, GrowingGenerator


def generator(signature: Signature, *, base: int, most: int) -> Network:
    """Return a network that grows from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    latents = inputs.values
    if inputs.label is not None:
        latents = keras.layers.Concatenate()([latents, inputs.one_hot()])
    growing = GrowingGenerator(start, doublings, image.sides[-1], _widths(doublings, base, most), name="growing")
    images = keras.layers.Identity(name=name)(growing(latents))
    return keras.Model(inputs.model, images, name="progan_generator")


def discriminator(signature: Signature, *, base: int, most: int) -> Network:
    """Return a network that grows with the generator, from an image to what the signature asks for."""
    inputs = blocks.discriminator_inputs(signature)
    if inputs.label is not None:
        raise ValueError('takes no class label; with discriminator = "classes" of the task it tells the class instead')
    image = blocks.image_to_judge(signature)
    start, doublings = blocks.start_and_doublings(image)
    growing = GrowingDiscriminator(start, doublings, image.sides[-1], _widths(doublings, base, most), name="growing")
    features = keras.layers.Identity(name="features")(growing(inputs.values))
    logits = layers.EqualizedDense(1, gain=1.0, name="logits")(features)
    return blocks.discriminator_model(inputs.model, features, signature, logits=logits, name="progan_discriminator")


def _widths(doublings: int, base: int, most: int) -> list[int]:
    """Return the channels at each side, from the smallest; 512 up to 32 pixels, then half at each doubling."""
    return [max(min(base >> (number + 1), most), 1) for number in range(doublings + 1)]
