"""The base class of metrics that compare sets of images on features."""

from __future__ import annotations

from abc import abstractmethod

from ganzoo import Array, Embedding, Example, Extractor, Identity, Metric, OpenTraining
from ganzoo_metrics.fields import field_of

_IMAGE_AXES = 3


class FeatureMetric(Metric):
    """Looks at sets of uint8 images in `field` through `features`, after which its scores are named.

    A single image is a set of one: results of one photograph each are compared as two sets of photographs.
    """

    def __init__(self, *, features: Extractor, field: str = "image") -> None:
        self.features, self.field = features, field
        self._embedding: Embedding | None = None

    def build(self, training: OpenTraining) -> None:
        self._embedding = self.features.load(training)

    def update(self, output: Example, target: Example) -> None:
        name = type(self).__name__
        self.add(*(_as_set(field_of(given, self.field, name)) for given in (output, target)))

    @abstractmethod
    def add(self, fakes: Array, reals: Array) -> None:
        """Add sets of uint8 images."""

    def identity(self) -> Identity:
        return self.embedding.identity

    @property
    def embedding(self) -> Embedding:
        """The loaded features."""
        if self._embedding is None:
            raise ValueError("build() must be called before the first update")
        return self._embedding


def _as_set(images: Array) -> Array:
    return images[None] if images.ndim == _IMAGE_AXES else images
