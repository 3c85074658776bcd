from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Array, Extractor, Identity
from ganzoo_metrics.feature_metric import FeatureMetric
from ganzoo_metrics.moments import Moments, frechet_distance


class Frechet(FeatureMetric):
    """Fréchet distance of two sets of images in the space of features: `classifier_frechet`; `fid` by Inception only.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)) of the means and covariances (arXiv 1706.08500), accumulated in
    float64. Distances depend on the number of images, and compare only with those of the same features at the same
    number; the row `real` is the floor. Memory does not grow with the sets.
    """

    larger_is_better = False

    def __init__(self, *, features: Extractor, field: str = "image") -> None:
        super().__init__(features=features, field=field)
        self._fakes, self._reals = Moments(), Moments()

    def add(self, fakes: Array, reals: Array) -> None:
        self._fakes.add(self.embedding.features(fakes))
        self._reals.add(self.embedding.features(reals))

    def result(self) -> Mapping[str, float]:
        return {self.embedding.named("frechet"): frechet_distance(self._fakes, self._reals)}

    def identity(self) -> Identity:
        return {**super().identity(), "covariance": "float64, unbiased", "root": "eigenvalues of C1^(1/2) C2 C1^(1/2)"}
