"""What the metrics of this plugin have in common."""

from __future__ import annotations

import numpy as np

from ganzoo import Array, DataError, Dataset, Example, OpenTraining
from ganzoo_classifier.classifier import Classifier, classifier_of

_SET_AXES = 4


def build_classifier(training: OpenTraining, data: Dataset | None, field: str) -> Classifier:
    """Return the classifier of the training data, or of other data; DataError where several streams leave it open."""
    if data is not None:
        return classifier_of(data.open(), field="image")
    sources = training()
    with_labels = [source for source in sources.values() if "label" in source.fields]
    if len(with_labels) != 1:
        raise DataError(
            f"{len(with_labels)} of the streams {', '.join(sources)} have labels; state what the classifier is to be "
            "trained on, as data = {name = ...} of the metric"
        )
    return classifier_of(with_labels[0], field=field)


def images_of(examples: Example, field: str, metric: str) -> Array:
    """Return a set of uint8 images (count, height, width, channels); DataError for anything else."""
    images = examples.get(field)
    if images is None:
        raise DataError(f"{metric}: needs a field '{field}', there are {', '.join(examples) or '(none)'}")
    if images.ndim != _SET_AXES or images.dtype != np.uint8:
        raise DataError(f"{metric}: needs sets of uint8 images, received {images.dtype} {images.shape}")
    return images
