"""PatchGAN in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, discriminator_model

if TYPE_CHECKING:
    from ganzoo_patchgan.patchgan_discriminator import PatchGANDiscriminator


def discriminator(options: PatchGANDiscriminator, signature: Signature) -> Network:
    """Return convolutions that end in a map of logits; the features are means over places of what is before it."""
    inputs = blocks.discriminator_inputs(signature)
    image = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    smallest = min((side for side in image.shape[1:3] if side is not None), default=None)
    if smallest is not None and smallest >> options.halvings < 3:
        raise ValueError(f"needs sides of {3 << options.halvings} or more with {options.halvings} halvings")
    activations, logits = blocks.patch_discriminator(
        image, filters=options.filters, halvings=options.halvings, normalization=options.normalization
    )
    features = keras.layers.GlobalAveragePooling2D(name="features")(activations)
    return discriminator_model(inputs.model, features, signature, logits=logits, name="patchgan_discriminator")
