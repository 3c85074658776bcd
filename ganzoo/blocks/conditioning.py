"""Networks that know the class of each example."""

from __future__ import annotations

import keras

from ganzoo import layers


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


def class_projection(
    features: keras.KerasTensor,
    labels: keras.KerasTensor,
    num_classes: int,
    *,
    initializer: str | keras.initializers.Initializer = "glorot_uniform",
) -> keras.KerasTensor:
    """Return the inner product of flat features and the embedding of the class, (batch, 1) (arXiv 1802.05637).

    Give it to `discriminator_model` as `add_to_logits`. `features` is (batch, width), `labels` (batch,). The paper also
    normalizes the embedding spectrally; this does not.
    """
    embedding = keras.layers.Embedding(num_classes, features.shape[-1], embeddings_initializer=initializer)(labels)
    return keras.layers.Dot(axes=1)([embedding, features])
