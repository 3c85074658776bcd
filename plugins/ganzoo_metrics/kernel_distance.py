from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Extractor, Identity
from ganzoo_metrics.feature_metric import FeatureMetric
from ganzoo_metrics.kept import Kept

_FEWEST = 2


class KernelDistance(FeatureMetric):
    """Kernel distance of two sets of images in the space of features: `classifier_kernel_distance`; `kid` by Inception.

    The mean over `subsets` of the unbiased squared MMD with the kernel (x.y / width + 1)^3 (arXiv 1801.01401). Each
    subset has `size` images of either set, fewer where there are fewer, drawn without replacement by `seed` and by no
    other generator. The features of the first `examples` of each set are kept. It does not depend on the number of
    images but in its spread, and can be below 0.
    """

    larger_is_better = False

    def __init__(
        self,
        *,
        features: Extractor,
        field: str = "image",
        subsets: Annotated[int, Ge(1)] = 100,
        size: Annotated[int, Ge(_FEWEST)] = 1000,
        seed: Annotated[int, Ge(0)] = 0,
        examples: Annotated[int, Ge(_FEWEST)] = 10_000,
    ) -> None:
        super().__init__(features=features, field=field)
        self.subsets, self.size, self.seed, self.examples = subsets, size, seed, examples
        self._fakes, self._reals = Kept(examples), Kept(examples)

    def add(self, fakes: Array, reals: Array) -> None:
        self._fakes.add(self.embedding.features(fakes))
        self._reals.add(self.embedding.features(reals))

    def result(self) -> Mapping[str, float]:
        size = min(self.size, self._fakes.count, self._reals.count)
        if size < _FEWEST:
            raise DataError("kernel_distance: needs two images or more on each side")
        rng = np.random.Generator(np.random.PCG64(self.seed))
        sets = self._fakes.rows, self._reals.rows
        # subsets that are the whole are all equal
        subsets = 1 if size == self._fakes.count == self._reals.count else self.subsets
        found = [_squared_mmd(*(rows[rng.permutation(len(rows))[:size]] for rows in sets)) for _ in range(subsets)]
        return {self.embedding.named("kernel_distance"): float(np.mean(found))}

    def identity(self) -> Identity:
        return {**super().identity(), "kernel": "(x.y / width + 1)^3, unbiased, float64"}


def _squared_mmd(one: Array, other: Array) -> float:
    """Return the unbiased estimate for two sets of equal size."""
    size = len(one)
    within = sum(kernel.sum() - np.trace(kernel) for kernel in (_kernel(one, one), _kernel(other, other)))
    return float(within / (size * (size - 1)) - 2 * _kernel(one, other).mean())


def _kernel(one: Array, other: Array) -> Array:
    values: Array = one @ other.T / one.shape[1] + 1
    return values * values * values
