"""Networks that know the class of each example."""

from __future__ import annotations

from collections.abc import Callable

import keras

from ganzoo import layers
from ganzoo.blocks.heads import discriminator_model
from ganzoo.blocks.signatures import NetworkInputs
from ganzoo.contracts.field import Signature
from ganzoo.contracts.tensor import Network


def conditional_batch_normalization(
    values: keras.KerasTensor,
    labels: keras.KerasTensor,
    num_classes: int,
    *,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
) -> keras.KerasTensor:
    """Return batch normalization with a scale and an offset per class and channel (arXiv 1610.07629, 1802.05637).

    `values` is (batch, height, width, channels), `labels` (batch,) of whole numbers below `num_classes`. Statistics are
    those of the whole batch; scales start at 1 and offsets at 0.
    """
    channels = values.shape[-1]
    normalized = layers.BatchNormalization(center=False, scale=False, momentum=momentum, epsilon=epsilon)(values)
    scale = keras.layers.Embedding(num_classes, channels, embeddings_initializer="ones")(labels)
    offset = keras.layers.Embedding(num_classes, channels, embeddings_initializer="zeros")(labels)
    scaled = keras.layers.Multiply()([normalized, keras.layers.Reshape((1, 1, channels))(scale)])
    return keras.layers.Add()([scaled, keras.layers.Reshape((1, 1, channels))(offset)])


def normalization_by_class(inputs: NetworkInputs) -> Callable[[keras.KerasTensor], keras.KerasTensor] | None:
    """Return conditional batch normalization where `inputs` have a class label, for `residual_up`; None elsewhere."""
    if inputs.label is None:
        return None
    return lambda values: conditional_batch_normalization(values, inputs.label, inputs.num_classes)


def class_projection(
    features: keras.KerasTensor,
    labels: keras.KerasTensor,
    num_classes: int,
    *,
    spectral: bool = False,
    initializer: str | keras.initializers.Initializer = "glorot_uniform",
) -> keras.KerasTensor:
    """Return the inner product of flat features and the embedding of the class, (batch, 1) (arXiv 1802.05637).

    Give it to `discriminator_model` as `add_to_logits`. `features` is (batch, width), `labels` (batch,). With
    `spectral` the embedding is spectrally normalized, as the paper has it in networks that are.
    """
    width = features.shape[-1]
    if spectral:
        rows = layers.SpectralNormalization(layers.Dense(width, use_bias=False, kernel_initializer=initializer))
        embedding = rows(keras.ops.one_hot(labels, num_classes))
    else:
        embedding = keras.layers.Embedding(num_classes, width, embeddings_initializer=initializer)(labels)
    return keras.layers.Dot(axes=1)([embedding, features])


def spectral_judge(
    inputs: NetworkInputs,
    values: keras.KerasTensor,
    signature: Signature,
    *,
    make_initializer: Callable[[], keras.initializers.Initializer] | None = None,
    name: str = "discriminator",
) -> Network:
    """Return a discriminator that ends as those of SNGAN, SAGAN and BigGAN do (arXiv 1802.05637).

    `values` (batch, h, w, c) are the output of its last block. ReLU and the sum over places are the features; the logit
    is a spectrally normalized layer on them, plus the projection of the class where `inputs` have a label.
    """
    features = keras.ops.sum(keras.layers.ReLU()(values), axis=(1, 2))
    features = keras.layers.Identity(name="features")(features)
    make = make_initializer or (lambda: keras.initializers.GlorotUniform())
    logits = layers.SpectralNormalization(layers.Dense(1, kernel_initializer=make()), name="logits")(features)
    projection = None
    if inputs.label is not None:
        projection = class_projection(features, inputs.label, inputs.num_classes, spectral=True, initializer=make())
    return discriminator_model(
        inputs.model, features, signature, logits=logits, add_to_logits=projection, make_initializer=make, name=name
    )
