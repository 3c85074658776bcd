"""The generator of AdaIN in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, Signature, layers
from ganzoo_adain.adaptive_instance_normalization import AdaptiveInstanceNormalization


def generator(signature: Signature, features: Network, *, layer: str, scale: float) -> Network:
    """Return the generator from `content` and `style`; its layers `encoder`, `transfer` and `decoder` are its parts."""
    if set(signature.inputs) != {"content", "style"} or len(signature.outputs) != 1:
        given = ", ".join(signature.inputs)
        raise ValueError(
            f"makes an image of the images 'content' and 'style', received {given}; set task.styles = \"given\""
        )
    encoder = _encoder(features, layer, scale)
    inputs = {name: keras.Input((None, None, 3), name=name) for name in ("content", "style")}
    activations = [encoder(image) for image in inputs.values()]
    styled = AdaptiveInstanceNormalization(name="transfer")(activations)
    return keras.Model(inputs, _decoder(encoder)(styled), name="adain_generator")


def _encoder(features: Network, layer: str, scale: float) -> Network:
    """Return the frozen network from an image to one layer's activations, multiplied by `scale`."""
    image = keras.Input((None, None, 3), name="image")
    scaled = features(image)[layer] * scale
    encoder = keras.Model(image, scaled, name="encoder")
    encoder.trainable = False
    return encoder


def _decoder(encoder: Network) -> Network:
    """Return the convolutions and poolings of the encoder backwards, from its activations to an image."""
    [features] = [layer for layer in encoder.layers if isinstance(layer, keras.Model)]
    kinds = (keras.layers.Conv2D, keras.layers.MaxPooling2D)
    parts = [layer for layer in features.layers if isinstance(layer, kinds)]
    values = activations = keras.Input((None, None, encoder.output.shape[-1]), name="activations")
    for part in reversed(parts):
        if isinstance(part, keras.layers.MaxPooling2D):
            values = layers.UpSampling2D(2)(values)
            continue
        channels = part.kernel.shape[2]
        values = layers.Conv2D(channels, 3)(layers.ReflectionPadding2D(1)(values))
        values = values if part is parts[0] else keras.layers.ReLU()(values)
    return keras.Model(activations, values, name="decoder")
