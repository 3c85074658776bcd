from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, Extractor, Identity
from ganzoo_metrics.feature_metric import FeatureMetric


class ClassScore(FeatureMetric):
    """How clearly images show a class, and how many classes: `classifier_score`; `is` by Inception only.

    exp of the mean KL divergence between the classes of an image and those of all images of a split (Inception score,
    arXiv 1606.03498), averaged over `splits`: image i is in split i mod `splits`. 1 at worst, the number of classes at
    best. Only sums are kept.
    """

    def __init__(self, *, features: Extractor, field: str = "image", splits: Annotated[int, Ge(1)] = 10) -> None:
        super().__init__(features=features, field=field)
        self.splits = splits
        self._count = 0
        #: By split: how many, the sums of probabilities, and of p log p.
        self._counts, self._entropies = np.zeros(splits), np.zeros(splits)
        self._sums: Array = np.zeros(0)

    def add(self, fakes: Array, reals: Array) -> None:
        shares = self.embedding.probabilities(fakes).astype(np.float64)
        if self._count == 0:
            self._sums = np.zeros((self.splits, shares.shape[1]))
        split = (self._count + np.arange(len(shares))) % self.splits
        self._count += len(shares)
        self._counts += np.bincount(split, minlength=self.splits)
        np.add.at(self._sums, split, shares)
        self._entropies += np.bincount(split, weights=_p_log_p(shares), minlength=self.splits)

    def result(self) -> Mapping[str, float]:
        used = self._counts > 0
        count, sums, entropies = self._counts[used], self._sums[used], self._entropies[used]
        divergences = entropies / count - _p_log_p(sums / count[:, None])
        return {self.embedding.named("score"): float(np.exp(divergences).mean())}

    def identity(self) -> Identity:
        return {**super().identity(), "split_rule": "image i in split i mod splits"}


def _p_log_p(shares: Array) -> Array:
    """Return the sum of p log p of each row; 0 log 0 is 0."""
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    total: Array = (shares * logs).sum(axis=1)
    return total
