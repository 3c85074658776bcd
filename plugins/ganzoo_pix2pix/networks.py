"""The generator of pix2pix in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks
from ganzoo_pix2pix.brightness import KeepBrightness

if TYPE_CHECKING:
    from ganzoo_pix2pix.unet_generator import UNetGenerator


def unet_generator(options: UNetGenerator, signature: Signature) -> Network:
    """Return a U-Net for images of any sides that are multiples of 2^depth."""
    given, made = blocks.image_to_image(signature)
    height, width, channels = given.sides
    deepest = min((side & -side).bit_length() - 1 for side in (height, width))
    if deepest < options.depth:
        raise ValueError(
            f"needs sides that are multiples of {2**options.depth} at depth {options.depth}, received {given}; "
            f"for these, depth is {deepest} at most"
        )
    if options.keep_brightness and (channels, made.sides[2]) != (1, 3):
        raise ValueError(f"keep_brightness is for one channel in and three out, received {given} and {made}")
    image = keras.Input((None, None, channels), name="image")
    output = blocks.unet(
        image,
        made.sides[2],
        filters=options.filters,
        depth=options.depth,
        normalization=options.normalization,
        dropout=options.dropout,
        dropout_at_test=options.dropout_at_test,
        batch_statistics_at_test=options.batch_statistics_at_test,
        enlargement=options.enlargement,
    )
    if options.keep_brightness:
        output = KeepBrightness()(output, image)
    return keras.Model(image, output, name="unet_generator")
