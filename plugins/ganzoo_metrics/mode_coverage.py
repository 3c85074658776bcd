from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Gt

from ganzoo import Array, Example, Metric
from ganzoo_metrics.fields import field_of


class ModeCoverage(Metric):
    """Counts the modes of a labelled mixture that have samples: `modes_covered`, and `high_quality`, a share of points.

    Takes sets with a `point` field; the target has a `label`, the mode, too. A point is good within `within` standard
    deviations of the nearest centre; a mode is covered when one good point falls on it (VEEGAN, arXiv 1705.07761).
    Centres and the per-axis deviation come from the real points.
    """

    def __init__(self, *, within: Annotated[float, Gt(0)] = 3.0) -> None:
        self.within = within
        self._fakes: list[Array] = []
        self._reals: list[Array] = []
        self._labels: list[Array] = []

    def update(self, output: Example, target: Example) -> None:
        self._fakes.append(field_of(output, "point", "mode_coverage"))
        self._reals.append(field_of(target, "point", "mode_coverage"))
        self._labels.append(field_of(target, "label", "mode_coverage"))

    def result(self) -> Mapping[str, float]:
        fakes, reals, labels = (np.concatenate(found) for found in (self._fakes, self._reals, self._labels))
        modes = np.unique(labels)
        centres = np.stack([reals[labels == mode].mean(axis=0) for mode in modes])
        deviations = np.array([reals[labels == mode].std(axis=0).mean() for mode in modes])
        distances = np.linalg.norm(fakes[:, None] - centres[None], axis=2)
        nearest = distances.argmin(axis=1)
        good = distances[np.arange(len(fakes)), nearest] <= self.within * deviations[nearest]
        return {"modes_covered": float(len(np.unique(nearest[good]))), "high_quality": float(good.mean())}
