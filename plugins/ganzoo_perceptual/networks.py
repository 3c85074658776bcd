"""Frozen VGG networks in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, layers
from ganzoo_perceptual.caffe_preprocessing import KERAS_MEAN, CaffePreprocessing
from ganzoo_perceptual.weights import Weights


def vgg(
    weights: Weights, names: tuple[str, ...], name: str, *, mean: tuple[float, float, float] = KERAS_MEAN
) -> Network:
    """Return the frozen network of these convolutions, from RGB in [-1, 1] to the activations of the layers `names`.

    `mean` is the colour (BGR, 0 to 255) that the weights expect to be subtracted.
    """
    image = keras.Input((None, None, 3), name="image")
    activations = _activations(CaffePreprocessing(mean=mean)(image), weights)
    network = keras.Model(image, {layer: activations[layer] for layer in names}, name=name)
    for layer in network.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name])
    network.trainable = False
    return network


def _activations(values: keras.KerasTensor, weights: Weights) -> dict[str, keras.KerasTensor]:
    """Return every activation by name, before and after ReLU."""
    found: dict[str, keras.KerasTensor] = {}
    block = "block1"
    for conv, (_, bias) in weights.items():
        if not conv.startswith(block):
            values = layers.MaxPooling2D(2)(values)
            block = conv.partition("_")[0]
        convolution = layers.Conv2D(len(bias), 3, padding="same", kernel_initializer="zeros", name=conv)
        found[f"{conv}_pre"] = convolution(values)
        values = found[conv] = keras.layers.ReLU()(found[f"{conv}_pre"])
    return found
