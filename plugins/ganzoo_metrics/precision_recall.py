from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Extractor, Identity
from ganzoo_metrics.feature_metric import FeatureMetric
from ganzoo_metrics.kept import Kept

#: So many rows are compared with all others at once.
_BLOCK = 512


class PrecisionRecall(FeatureMetric):
    """Precision, recall, density and coverage of two sets of images in features: `classifier_precision` and so on.

    The ball of an image reaches to its `k`-th neighbour in its own set. Precision is the share of fakes inside the ball
    of any real, recall that of reals inside the ball of any fake (arXiv 1904.06991); density is how many balls of reals
    hold a fake, on average, by k, and coverage the share of reals whose ball holds a fake (arXiv 2002.09797). Density
    can exceed 1. The features of the first `examples` of each set are kept; time grows with
    their square. Numbers depend on how many there are.
    """

    def __init__(
        self,
        *,
        features: Extractor,
        field: str = "image",
        k: Annotated[int, Ge(1)] = 5,
        examples: Annotated[int, Ge(2)] = 10_000,
    ) -> None:
        super().__init__(features=features, field=field)
        self.k, self.examples = k, examples
        self._fakes, self._reals = Kept(examples), Kept(examples)

    def add(self, fakes: Array, reals: Array) -> None:
        self._fakes.add(self.embedding.features(fakes))
        self._reals.add(self.embedding.features(reals))

    def result(self) -> Mapping[str, float]:
        if min(self._fakes.count, self._reals.count) <= self.k:
            raise DataError(f"precision_recall: needs more than k = {self.k} images on each side")
        found = precision_recall(self._fakes.rows, self._reals.rows, self.k)
        return {self.embedding.named(name): value for name, value in found.items()}

    def identity(self) -> Identity:
        return {**super().identity(), "distance": "Euclidean, float64"}


def precision_recall(fakes: Array, reals: Array, k: int) -> dict[str, float]:
    """Return the four numbers for rows of features (count, width)."""
    real_radii, fake_radii = _squared_radii(reals, k), _squared_radii(fakes, k)
    inside = np.zeros(len(fakes))
    recalled, covered = [], []
    start = 0
    for distances in _squared_distances(reals, fakes):
        radii = real_radii[start : start + len(distances), None]
        start += len(distances)
        inside += (distances < radii).sum(axis=0)
        covered.append((distances < radii).any(axis=1))
        recalled.append((distances < fake_radii).any(axis=1))
    return {
        "precision": float((inside > 0).mean()),
        "recall": float(np.concatenate(recalled).mean()),
        "density": float(inside.mean() / k),
        "coverage": float(np.concatenate(covered).mean()),
    }


def _squared_radii(rows: Array, k: int) -> Array:
    """Return the squared distance of each row to its k-th neighbour; the row itself does not count."""
    # copied, as a column would keep its whole block in memory
    parts = [np.partition(distances, k, axis=1)[:, k].copy() for distances in _squared_distances(rows, rows)]
    return np.concatenate(parts)


def _squared_distances(rows: Array, columns: Array) -> Iterator[Array]:
    """Yield the squared distances of some rows to all columns, one block of rows after the other."""
    lengths = (columns * columns).sum(axis=1)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        squares = (block * block).sum(axis=1)[:, None] + lengths - 2 * block @ columns.T
        yield squares.clip(min=0, out=squares)
