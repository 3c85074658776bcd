from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Extractor, OpenTraining, Sources, sampling
from ganzoo_metrics.feature_metric import FeatureMetric

#: So many training examples are read, and compared, at once.
_BLOCK = 512

#: The features of the training data that were asked for last: each row of a table needs the same.
_latest: dict[tuple[str, ...], Array] = {}


class NearestTraining(FeatureMetric):
    """Does the generator repeat its training data? `classifier_nearest_training`, small where it does.

    The mean Euclidean distance in features of generated images to the nearest training image, by that of held-out
    reals: 0 where they are copies, 1 where they are as far from the training data as reals are, or further. Features
    blur what a copy is, so look at the nearest pairs before calling one (arXiv 2306.04675). Compared are the first
    `training_examples`, whose features are kept.
    """

    def __init__(
        self, *, features: Extractor, field: str = "image", training_examples: Annotated[int, Ge(1)] = 50_000
    ) -> None:
        super().__init__(features=features, field=field)
        self.training_examples = training_examples
        self._training: Array | None = None
        self._fakes, self._reals = Mean(), Mean()

    def build(self, training: OpenTraining) -> None:
        super().build(training)
        self._open = training

    def add(self, fakes: Array, reals: Array) -> None:
        known = self._known()
        for mean, images in ((self._fakes, fakes), (self._reals, reals)):
            mean.add(nearest_distances(self.embedding.features(images), known))

    def result(self) -> Mapping[str, float]:
        if self._reals.value == 0:
            raise DataError("nearest_training: the held-out images are among the training images")
        return {self.embedding.named("nearest_training"): min(1.0, self._fakes.value / self._reals.value)}

    def _known(self) -> Array:
        """Return the features of training examples, computed when they are first needed."""
        if self._training is None:
            self._training = _features_of(self._open(), self)
        return self._training


class Mean:
    """The mean of values that come in parts."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, values: Array) -> None:
        """Add values."""
        self._sum += float(values.sum())
        self._count += len(values)

    @property
    def value(self) -> float:
        """The mean of all values."""
        return self._sum / self._count


def _features_of(sources: Sources, metric: NearestTraining) -> Array:
    with_images = [source for source in sources.values() if metric.field in source.fields]
    if len(with_images) != 1:
        raise DataError(
            f"nearest_training: {len(with_images)} of the streams {', '.join(sources)} have a field '{metric.field}', "
            "expected one"
        )
    (source,) = with_images
    count = min(len(source), metric.training_examples)
    key = (source.fingerprint(), metric.field, str(count), str(metric.embedding.identity))
    if key not in _latest:
        _latest.clear()
        parts = (range(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK))
        images = (sampling.stack_examples(source, part, [metric.field])[metric.field] for part in parts)
        _latest[key] = np.concatenate([metric.embedding.features(each) for each in images])
    return _latest[key]


def nearest_distances(rows: Array, known: Array) -> Array:
    """Return the distance of each row to the nearest of the known ones."""
    best = np.full(len(rows), np.inf)
    values = rows.astype(np.float64)
    lengths = (values * values).sum(axis=1)
    for start in range(0, len(known), _BLOCK):
        block = known[start : start + _BLOCK].astype(np.float64)
        squares = lengths[:, None] + (block * block).sum(axis=1) - 2 * values @ block.T
        best = np.minimum(best, squares.min(axis=1))
    nearest: Array = np.sqrt(best.clip(min=0))
    return nearest
