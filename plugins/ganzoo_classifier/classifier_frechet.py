from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import Array, DataError, Dataset, Example, Metric, OpenTraining
from ganzoo_classifier.sets import build_classifier, images_of

_FEWEST = 2


class ClassifierFrechet(Metric):
    """Fréchet distance of two sets in the features of a classifier of these data: `classifier_frechet`. It is not FID.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)) of the means and covariances (arXiv 1706.08500) in float64, of sets
    of uint8 images. The 128 features are those of a small classifier that is trained on the training data, or on
    `data`; it is kept in the cache of Keras. Distances depend on the number of images and compare only with those of
    the same classifier at the same number; the row `real` is the floor. Memory does not grow with the sets.
    """

    larger_is_better = False

    def __init__(self, *, field: str = "image", data: Dataset | None = None) -> None:
        self.field, self.data = field, data
        self._moments = (Moments(), Moments())

    def build(self, training: OpenTraining) -> None:
        self._classifier = build_classifier(training, self.data, self.field)

    def update(self, output: Example, target: Example) -> None:
        for moments, given in zip(self._moments, (output, target), strict=True):
            moments.add(self._classifier.features(images_of(given, self.field, "classifier_frechet")))

    def result(self) -> Mapping[str, float]:
        return {"classifier_frechet": frechet_distance(*self._moments)}


class Moments:
    """Count, mean and covariance of rows that come in parts."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: Array = np.zeros(0)
        self._products: Array = np.zeros(0)

    def add(self, rows: Array) -> None:
        """Add rows (count, width)."""
        values = rows.astype(np.float64)
        if self.count == 0:
            self._shift = values.mean(axis=0)
            self._sum = np.zeros(values.shape[1])
            self._products = np.zeros((values.shape[1], values.shape[1]))
        centred = values - self._shift  # of about zero mean, so that squares lose no digits
        self.count += len(values)
        self._sum += centred.sum(axis=0)
        self._products += centred.T @ centred

    @property
    def mean(self) -> Array:
        """The mean of all rows."""
        mean: Array = self._shift + self._sum / self.count
        return mean

    @property
    def covariance(self) -> Array:
        """The unbiased covariance."""
        centre = self._sum / self.count
        covariance: Array = (self._products - self.count * np.outer(centre, centre)) / (self.count - 1)
        return covariance


def frechet_distance(one: Moments, other: Moments) -> float:
    """Return the squared Fréchet distance of two Gaussians; DataError for sets of fewer than two."""
    if min(one.count, other.count) < _FEWEST:
        raise DataError("classifier_frechet: needs two images or more on each side")
    root = _root(one.covariance)
    cross = np.linalg.eigvalsh(root @ other.covariance @ root)
    trace = np.trace(one.covariance) + np.trace(other.covariance) - 2 * np.sqrt(cross.clip(min=0)).sum()
    return float(((one.mean - other.mean) ** 2).sum() + trace)


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    root: Array = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    return root
