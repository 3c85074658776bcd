"""The networks of semi-supervised learning on MNIST, in plain Keras."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import keras

from ganzoo import Network, Signature, blocks, layers


def classifier(signature: Signature, *, widths: Sequence[int], input_noise: float, noise: float) -> Network:
    """Return weight-normalized layers with noise between them, from an image to `classes` and `features`."""
    inputs = blocks.discriminator_inputs(signature)
    values = 0.5 * keras.layers.Flatten()(inputs.values) + 0.5
    deviation = input_noise
    for width in widths:
        values = keras.layers.ReLU()(layers.WeightNormDense(width)(_noisy(values, deviation)))
        deviation = noise
    (classes,) = signature.outputs["classes"].sides
    logits = layers.WeightNormDense(classes, train_scale=True, name="classes")(_noisy(values, noise))
    offered = {"classes": logits, "features": values}
    outputs = {name: offered[name] for name in signature.outputs}
    return keras.Model(inputs.model, outputs if len(outputs) > 1 else logits, name="matching_classifier")


def generator(signature: Signature, *, width: int) -> Network:
    """Return two hidden layers and an output layer with kernels of trained length."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    values = inputs.values
    for _ in range(2):
        normalized = layers.BatchNormalization(scale=False, momentum=0.9, epsilon=1e-6)
        values = keras.layers.Activation("softplus")(normalized(layers.Dense(width, use_bias=False)(values)))
    # twice a sigmoid's range, from -1: the sigmoid of x is (1 + tanh(x / 2)) / 2
    output = layers.WeightNormDense(
        prod(image.sides), train_scale=True, data_dependent=False, kernel_initializer="glorot_uniform"
    )
    flat = output(values)
    images = keras.layers.Activation("tanh")(0.5 * flat)
    return keras.Model(inputs.model, keras.layers.Reshape(image.sides, name=name)(images), name="matching_generator")


def _noisy(values: keras.KerasTensor, deviation: float) -> keras.KerasTensor:
    return keras.layers.GaussianNoise(deviation)(values) if deviation else values
