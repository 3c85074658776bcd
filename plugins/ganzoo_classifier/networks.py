"""The classifier, in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, layers

#: The side at which the hidden layer sees all places.
_LARGEST = 7


def classifier(height: int, width: int, channels: int, num_classes: int) -> Network:
    """Return a network from images in [-1, 1] to `features` (batch, 128) and the logits `classes`.

    3x3 convolutions of stride 2 until no side is above 7, two at least, one more of stride 1, a hidden layer with ReLU,
    whose activations are the features. Weights start the same in every process.
    """
    seeds = iter(range(100))

    def start() -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=next(seeds))

    def convolved(values: keras.KerasTensor, filters: int, stride: int) -> keras.KerasTensor:
        convolution = layers.Conv2D(filters, 3, strides=stride, padding="same", kernel_initializer=start())
        return keras.layers.ReLU()(convolution(values))

    image = keras.Input((height, width, channels), name="image")
    values = convolved(convolved(image, 32, 2), 64, 2)
    while max(values.shape[1:3]) > _LARGEST:
        values = convolved(values, 64, 2)
    flat = keras.layers.Flatten()(convolved(values, 64, 1))
    features = keras.layers.ReLU(name="features")(layers.Dense(128, kernel_initializer=start())(flat))
    classes = layers.Dense(num_classes, kernel_initializer=start(), name="classes")(features)
    return keras.Model(image, {"features": features, "classes": classes}, name="classifier")
