from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Example, Metric
from ganzoo_metrics.fields import field_of
from ganzoo_metrics.kept import Kept


class SlicedWasserstein(Metric):
    """Mean 1-Wasserstein distance of random 1-D projections between two sets (Rabin 2011): `sliced_wasserstein`.

    `field` names what is compared, each example flattened; uint8 images count as [-1, 1]. The sets are cut to the size
    of the smaller one, and to their first `examples`. Directions are drawn from `seed`. This is a distance on pixels or
    points, not FID, and not the patch-wise distance of ProGAN.
    """

    larger_is_better = False

    def __init__(
        self,
        *,
        field: str = "image",
        projections: Annotated[int, Ge(1)] = 256,
        seed: Annotated[int, Ge(0)] = 0,
        examples: Annotated[int, Ge(1)] = 10_000,
    ) -> None:
        self.field = field
        self.projections = projections
        self.seed = seed
        self.examples = examples
        self._fakes, self._reals = Kept(examples), Kept(examples)

    def update(self, output: Example, target: Example) -> None:
        fakes, reals = (_flat(field_of(given, self.field, "sliced_wasserstein")) for given in (output, target))
        if fakes.shape[1] != reals.shape[1]:
            raise DataError(
                f"sliced_wasserstein: examples of {fakes.shape[1]} and {reals.shape[1]} values cannot be compared"
            )
        self._fakes.add(fakes)
        self._reals.add(reals)

    def result(self) -> Mapping[str, float]:
        fakes, reals = self._fakes.rows, self._reals.rows
        size = min(len(fakes), len(reals))
        rng = np.random.Generator(np.random.PCG64(self.seed))
        directions = rng.normal(size=(fakes.shape[1], self.projections))
        directions /= np.linalg.norm(directions, axis=0)
        gaps = np.sort(fakes[:size] @ directions, axis=0) - np.sort(reals[:size] @ directions, axis=0)
        return {"sliced_wasserstein": float(np.abs(gaps).mean())}


def _flat(values: Array) -> Array:
    scaled = values / 127.5 - 1 if values.dtype == np.uint8 else values
    return scaled.reshape(len(values), -1).astype(np.float64)
