"""The convolutions of VGG (Simonyan and Zisserman 2015, arXiv 1409.1556), frozen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ganzoo_perceptual.weights import Shapes, Weights

if TYPE_CHECKING:
    import keras

_CHANNELS = (64, 128, 256, 512, 512)

#: How many convolutions each block has.
VGG16_COUNTS = (2, 2, 3, 3, 3)
VGG19_COUNTS = (2, 2, 4, 4, 4)

#: The mean colour (BGR, 0 to 255) that Keras' weights were trained with.
KERAS_MEAN = (103.939, 116.779, 123.68)


def conv_shapes(counts: tuple[int, ...], layers: tuple[str, ...]) -> Shapes:
    """Return (inputs, outputs) of each convolution as far as the deepest of `layers`; ValueError if one is unknown."""
    names = layer_names(counts)
    unknown = [layer for layer in layers if layer not in names]
    if unknown:
        raise ValueError(f"there is no layer {', '.join(unknown)}; there are {', '.join(names)}")
    needed = max(names.index(layer) for layer in layers) // 2 + 1
    return dict(islice(_conv_shapes(counts), needed))


def layer_names(counts: tuple[int, ...]) -> tuple[str, ...]:
    """Return every layer that can be asked for: after the activation, and `..._pre` before it."""
    return tuple(name + ending for name, _ in _conv_shapes(counts) for ending in ("_pre", ""))


def build_vgg(
    weights: Weights, layers: tuple[str, ...], name: str, *, mean: tuple[float, float, float] = KERAS_MEAN
) -> keras.Model:
    """Return the frozen network of these convolutions, from RGB in [-1, 1] to the activations of `layers` by name.

    `mean` is the colour (BGR, 0 to 255) that the weights expect to be subtracted.
    """
    import keras

    from ganzoo_perceptual.preprocessing import CaffePreprocessing

    image = keras.Input((None, None, 3), name="image")
    activations = _activations(CaffePreprocessing(mean=mean)(image), weights)
    network = keras.Model(image, {layer: activations[layer] for layer in layers}, name=name)
    for layer in network.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name])
    network.trainable = False
    return network


def _activations(values: keras.KerasTensor, weights: Weights) -> dict[str, keras.KerasTensor]:
    """Return every activation by name, before and after ReLU."""
    import keras

    from ganzoo import layers

    found: dict[str, keras.KerasTensor] = {}
    block = "block1"
    for conv, (_, bias) in weights.items():
        if not conv.startswith(block):
            values = layers.MaxPooling2D(2)(values)
            block = conv.partition("_")[0]
        found[f"{conv}_pre"] = _convolution(conv, len(bias))(values)
        values = found[conv] = keras.layers.ReLU()(found[f"{conv}_pre"])
    return found


def _convolution(name: str, filters: int) -> keras.layers.Layer:
    from ganzoo import layers

    return layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros", name=name)


def _conv_shapes(counts: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    inputs = 3
    for block, (count, outputs) in enumerate(zip(counts, _CHANNELS, strict=True), start=1):
        for number in range(1, count + 1):
            yield f"block{block}_conv{number}", (inputs, outputs)
            inputs = outputs
