from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ganzoo import Array, Dataset, Example, Identity, Metric, OpenTraining
from ganzoo_classifier.sets import build_classifier, images_of


class ClassModes(Metric):
    """Counts the classes that have samples, by a classifier: `classes_found`, and `classes_kl` in nats.

    Takes sets of uint8 images. `classes_kl` is the divergence KL(samples || uniform) of the classes: 0 where each class
    is as frequent as the others. With `of = "channels"` each channel is one grey image, and a class is the combination
    of those of all channels: 1000 for the three digits of stacked MNIST (PacGAN, arXiv 1712.04086; VEEGAN, arXiv
    1705.07761). The classifier is trained on the training data, or on `data`, which stacked digits need; it is kept in
    the cache of Keras.
    """

    def __init__(
        self, *, field: str = "image", of: Literal["images", "channels"] = "images", data: Dataset | None = None
    ) -> None:
        if of == "channels" and data is None:
            raise ValueError('of = "channels" needs data = {name = ...}: grey images with labels for the classifier')
        self.field, self.of, self.data = field, of, data
        self._counts: Array | None = None

    def build(self, training: OpenTraining) -> None:
        self._classifier = build_classifier(training, self.data, self.field)

    def update(self, output: Example, target: Example) -> None:
        images = images_of(output, self.field, "class_modes")
        if self.of == "images":
            found, classes = self._classifier.classes(images), self._classifier.num_classes
        else:
            parts = [self._classifier.classes(images[..., [channel]]) for channel in range(images.shape[-1])]
            classes = self._classifier.num_classes ** len(parts)
            found = np.ravel_multi_index(parts, [self._classifier.num_classes] * len(parts))
        counts = np.bincount(found, minlength=classes)
        self._counts = counts if self._counts is None else self._counts + counts

    def result(self) -> Mapping[str, float]:
        counts = np.zeros(1) if self._counts is None else self._counts
        shares = counts[counts > 0] / counts.sum()
        divergence = float((shares * np.log(shares * len(counts))).sum())
        return {"classes_found": float((counts > 0).sum()), "classes_kl": divergence}

    def identity(self) -> Identity:
        return self._classifier.embedding.identity
