from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import Array, DataError, Dataset, Example, Identity, Metric, OpenTraining
from ganzoo_classifier.sets import build_classifier, images_of


class ClassAccuracy(Metric):
    """The share of images to which a classifier gives the class that was asked for, in percent: `class_accuracy`.

    Takes sets of uint8 images and their labels: the labels asked for, or those of the row `real`, whose score is how
    often the classifier is right about held-out images. The classifier is trained on the training data, or on `data`,
    once; it is kept in the cache of Keras.
    """

    def __init__(self, *, field: str = "image", data: Dataset | None = None) -> None:
        self.field, self.data = field, data
        self._right: list[Array] = []

    def build(self, training: OpenTraining) -> None:
        self._classifier = build_classifier(training, self.data, self.field)

    def update(self, output: Example, target: Example) -> None:
        if "label" not in output:
            raise DataError("class_accuracy: the task does not say which 'label' it was asked for")
        found = self._classifier.classes(images_of(output, self.field, "class_accuracy"))
        self._right.append(found == output["label"])

    def result(self) -> Mapping[str, float]:
        return {"class_accuracy": 100 * float(np.concatenate(self._right).mean())}

    def identity(self) -> Identity:
        return self._classifier.embedding.identity
