"""The networks of DCGAN in plain Keras.

Kernels are 4x4 as in the torch lineage (the paper's are 5x5): with stride 2 they cover every pixel equally often, so
transposed convolutions leave no checkerboard of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers

if TYPE_CHECKING:
    from ganzoo_dcgan.dcgan_discriminator import DcganDiscriminator

Normalization = Literal["batch", "layer", "none"]


def generator(signature: Signature, *, filters: int) -> Network:
    """Return transposed convolutions from latents to a square image in [-1, 1]."""
    inputs = blocks.generator_inputs(signature)
    name, image = blocks.image_to_make(signature)
    start, doublings = blocks.start_and_doublings(image)
    first, *others = [filters * 2**power for power in reversed(range(doublings))]
    values = _project(_with_class(inputs), start, first)
    for width in others:
        values = _up(values, width)
    images = _transposed_convolution(image.sides[-1], use_bias=True)(values)
    return keras.Model(inputs.model, keras.layers.Activation("tanh", name=name)(images), name="dcgan_generator")


def discriminator(options: DcganDiscriminator, signature: Signature) -> Network:
    """Return strided convolutions from a square image to the outputs of the signature."""
    _, doublings = blocks.start_and_doublings(blocks.image_to_judge(signature))
    inputs = blocks.discriminator_inputs(signature)
    project = options.condition == "project"
    if project and inputs.label is None:
        raise ValueError('condition = "project" needs a class label, which the task does not give to the discriminator')
    values = inputs.values if project or inputs.label is None else blocks.label_maps(inputs, inputs.values)
    for power in range(doublings + options.extra_halvings):
        normalization = options.normalization if power else "none"
        values = _down(values, options.filters * 2**power, normalization, spectral=options.spectral_normalization)
        values = keras.layers.Dropout(options.dropout)(values) if options.dropout else values
    projection = _projection(inputs, values, spectral=options.spectral_normalization) if project else None
    features = keras.layers.Flatten(name="features")(values)
    if options.minibatch_discrimination:
        features = layers.MinibatchDiscrimination(options.minibatch_discrimination)(features)
    return discriminator_model(
        inputs.model,
        features,
        signature,
        logits=_spectral_logits(features) if options.spectral_normalization else None,
        add_to_logits=projection,
        make_initializer=_normal,
        name="dcgan_discriminator",
    )


def _projection(inputs: blocks.NetworkInputs, maps: keras.KerasTensor, *, spectral: bool) -> keras.KerasTensor:
    pooled = keras.ops.sum(maps, axis=(1, 2))
    return blocks.class_projection(pooled, inputs.label, inputs.num_classes, spectral=spectral, initializer=_normal())


def _spectral_logits(features: keras.KerasTensor) -> keras.KerasTensor:
    head = layers.Dense(1, kernel_initializer=_normal())
    return layers.SpectralNormalization(head, name="logits_head")(features)


def _normal() -> keras.initializers.Initializer:
    """Return N(0, 0.02) for one layer: an initializer that is used twice draws the same weights twice."""
    return keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


def _with_class(inputs: blocks.NetworkInputs) -> keras.KerasTensor:
    """Return the latents, followed by one value for each class where there is a label (arXiv 1411.1784)."""
    if inputs.label is None:
        return inputs.values
    return keras.layers.Concatenate()([inputs.values, inputs.one_hot()])


def _project(latent: keras.KerasTensor, side: int, filters: int) -> keras.KerasTensor:
    flat = layers.Dense(side * side * filters, use_bias=False, kernel_initializer=_normal())(latent)
    values = keras.layers.Reshape((side, side, filters))(flat)
    return keras.layers.ReLU()(_batch_normalization()(values))


def _up(values: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return keras.layers.ReLU()(_batch_normalization()(_transposed_convolution(filters, use_bias=False)(values)))


def _down(
    values: keras.KerasTensor, filters: int, normalization: Normalization, *, spectral: bool
) -> keras.KerasTensor:
    convolution = layers.Conv2D(
        filters, 4, strides=2, padding="same", use_bias=normalization == "none", kernel_initializer=_normal()
    )
    values = (layers.SpectralNormalization(convolution) if spectral else convolution)(values)
    if normalization == "batch":
        values = _batch_normalization()(values)
    elif normalization == "layer":
        # over all values of one example, with one scale per channel, as the authors of WGAN-GP have it
        values = layers.GroupNormalization(groups=1, epsilon=1e-5)(values)
    return layers.LeakyReLU(0.2)(values)


def _transposed_convolution(filters: int, *, use_bias: bool) -> keras.Layer:
    return layers.Conv2DTranspose(
        filters, 4, strides=2, padding="same", use_bias=use_bias, kernel_initializer=_normal()
    )


def _batch_normalization() -> keras.Layer:
    scales = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=scales)
