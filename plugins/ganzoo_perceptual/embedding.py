"""Layered networks as features of whole images."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from ganzoo import Array, DataError, Embedding, Extractor, Network, OpenTraining, Tensor, sampling, weights_sha256

#: Four poolings leave one value per channel of an image of this side.
_FEWEST_PIXELS = 16
_RGB = 3

#: Embeddings of this process by the hash of their weights: a metric is made anew for every row of a table.
_known: dict[str, Embedding] = {}


class DeepestLayer(Extractor, ABC):
    """The features of an image are the activations of the deepest layer, averaged over space.

    Grey images are repeated to RGB; images are not resized.
    """

    layers: ClassVar[tuple[str, ...]]
    label: str

    @abstractmethod
    def build(self, layers: tuple[str, ...]) -> Network:
        """Return the network that gives these layers."""

    def load(self, training: OpenTraining) -> Embedding:
        layer = self.layers[-1]
        network = self.build((layer,))
        digest = weights_sha256(network)
        if digest not in _known:
            _known[digest] = _embedding(network, layer, score_label(self.label), digest)
        return _known[digest]


def score_label(label: str) -> str:
    """Return a label as it stands in the names of scores."""
    return re.sub(r"\W+", "_", label.lower())


def _embedding(network: Network, layer: str, label: str, digest: str) -> Embedding:
    def part(images: Tensor) -> Tensor:
        found: Tensor = network(images, training=False)[layer]
        return found.mean(dim=(1, 2))

    def to_features(images: Array) -> Array:
        if min(images.shape[1:3]) < _FEWEST_PIXELS:
            raise DataError(
                f"{label}: needs images of at least {_FEWEST_PIXELS} pixels a side, received {images.shape}"
            )
        return sampling.in_chunks(part, sampling.to_tensors({"image": sampling.to_network(as_rgb(images))})["image"])

    facts = {"weights_sha256": digest, "layer": f"mean over space of {layer}", "resize": "none", "grey": "repeated"}
    return Embedding(label=label, identity=facts, to_features=to_features)


def as_rgb(images: Array) -> Array:
    """Return a set of images with three channels; grey ones are repeated."""
    return images if images.shape[-1] == _RGB else np.repeat(images, _RGB, axis=-1)
