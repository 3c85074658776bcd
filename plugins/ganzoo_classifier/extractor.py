from __future__ import annotations

from ganzoo import Dataset, Embedding, Extractor, OpenTraining
from ganzoo_classifier.sets import build_classifier


class ClassifierFeatures(Extractor):
    """The 128 features, and the classes, of a small classifier of the data themselves: scores are `classifier_...`.

    It is trained on the training data, or on `data`, once, and kept in the cache of Keras; `ganzoo data prepare
    classifier` trains it ahead. Images must have the size of those that it was trained on; `field` names these.
    """

    def __init__(self, *, field: str = "image", data: Dataset | None = None) -> None:
        self.field, self.data = field, data

    def load(self, training: OpenTraining) -> Embedding:
        return build_classifier(training, self.data, self.field).embedding
