"""The generator of fast style transfer in plain Keras."""

from __future__ import annotations

import keras

from ganzoo import Network, Signature, layers

#: What tanh is multiplied with: 150 of the 127.5 levels on each side of mid-grey.
_REACH = 150 / 127.5
#: A residual block takes 2 pixels of each side at a quarter of the resolution.
_PIXELS_PER_BLOCK = 8


def generator(signature: Signature, *, filters: int, blocks: int) -> Network:
    """Return the generator of Johnson 2016 from an RGB image to one of the same size."""
    [name] = _only_images(signature)
    image = keras.Input((None, None, 3), name=name)
    values = layers.ReflectionPadding2D(_PIXELS_PER_BLOCK * blocks)(image)
    values = _activated(layers.Conv2D(filters, 9, padding="same")(values))
    values = _activated(_halved(values, 2 * filters))
    values = _activated(_halved(values, 4 * filters))
    for _ in range(blocks):
        values = _residual(values)
    values = _activated(_doubled(values, 2 * filters))
    values = _activated(_doubled(values, filters))
    values = keras.layers.Activation("tanh")(layers.Conv2D(3, 9, padding="same")(values))
    return keras.Model(image, values * _REACH, name="johnson_generator")


def _only_images(signature: Signature) -> list[str]:
    """Return the name of the input; ValueError unless input and output are one RGB image each."""
    fields = [*signature.inputs.values(), *signature.outputs.values()]
    if len(fields) != 2 or any(len(field.shape) != 3 or field.shape[-1] != 3 for field in fields):
        inputs = ", ".join(f"'{name}' ({field})" for name, field in signature.inputs.items())
        raise ValueError(f"makes an RGB image of one RGB image, received {inputs}")
    return list(signature.inputs)


def _halved(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return layers.PaddedConv2D(filters, 3, zeros=1, strides=2)(values)


def _doubled(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Return a transposed convolution in which each pixel stands where `_halved` would have seen it."""
    return layers.CroppedConv2DTranspose(filters, 3, strides=2, crops=((1, 0), (1, 0)))(values)


def _residual(values: keras.KerasTensor) -> keras.KerasTensor:
    filters = values.shape[-1]
    inner = _activated(layers.Conv2D(filters, 3)(values))
    inner = layers.InstanceNormalization()(layers.Conv2D(filters, 3)(inner))
    return keras.layers.Add()([keras.layers.Cropping2D(2)(values), inner])


def _activated(values: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.ReLU()(layers.InstanceNormalization()(values))
