"""The fully connected networks of BiGAN in plain Keras."""

from __future__ import annotations

from math import prod

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers


def generator(signature: Signature, *, width: int) -> Network:
    """Return two hidden layers from latents to an image."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    values = inputs.values
    for _ in range(2):
        values = keras.layers.ReLU()(_normalized(_dense(width)(values)))
    # a sigmoid s of the paper is 2 s - 1 = tanh(x / 2) here
    flat = keras.layers.Rescaling(0.5)(_dense(prod(image.sides))(values))
    images = keras.layers.Reshape(image.sides, name=name)(keras.layers.Activation("tanh")(flat))
    return keras.Model(inputs.model, images, name="bigan_generator")


def encoder(signature: Signature, *, width: int) -> Network:
    """Return two hidden layers from an image to its latents, and the activations of the second."""
    inputs = blocks.discriminator_inputs(signature)
    values = layers.LeakyReLU(0.2)(_dense(width)(_flat(inputs.values)))
    features = layers.LeakyReLU(0.2, name="features")(_normalized(_dense(width)(values)))
    (latents,) = signature.outputs["latent"].sides
    outputs = {"latent": keras.layers.Activation("tanh")(_dense(latents)(features)), "features": features}
    return keras.Model(inputs.model, {name: outputs[name] for name in signature.outputs}, name="bigan_encoder")


def discriminator(signature: Signature, *, width: int) -> Network:
    """Return two hidden layers, the second of which sees the latents too."""
    image, latent = _image_and_latents(signature)
    inputs = {name: keras.Input(field.sides, name=name) for name, field in signature.inputs.items()}
    values = layers.LeakyReLU(0.2)(_dense(width)(_flat(inputs[image])))
    joined = keras.layers.Add()([_dense(width)(values), _dense(width)(inputs[latent])])
    features = layers.LeakyReLU(0.2, name="features")(_normalized(joined))
    return discriminator_model(inputs, features, signature, make_initializer=_normal, name="bigan_discriminator")


def _image_and_latents(signature: Signature) -> tuple[str, str]:
    """Return the names of the image and of the latents among the inputs; ValueError unless these are all."""
    by_rank: dict[int, list[str]] = {}
    for name, field in signature.inputs.items():
        by_rank.setdefault(len(field.shape), []).append(name)
    if sorted(by_rank) != [1, 3] or len(signature.inputs) != 2:
        received = ", ".join(f"'{name}' ({field})" for name, field in signature.inputs.items())
        raise ValueError(f"works with one image and its latents, received {received}")
    return by_rank[3][0], by_rank[1][0]


def _flat(image: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Rescaling(0.5, offset=0.5)(keras.layers.Flatten()(image))


def _dense(units: int) -> keras.Layer:
    return layers.Dense(units, use_bias=False, kernel_initializer=_normal())


def _normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def _normalized(values: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(center=False, scale=False, momentum=0.9, epsilon=1e-5)(values)
