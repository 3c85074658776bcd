from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import DataError, Example, Metric


class NearestNeighbour(Metric):
    """How often the nearest training example has the class of a held-out one, in percent: `nearest_neighbour`.

    Takes sets whose output has the `nearest_label` that a task found for each held-out example (a classifier with one
    neighbour, on the features of an encoder), and whose target has its `label` (BiGAN, arXiv 1605.09782).
    """

    def __init__(self) -> None:
        self._right, self._count = 0, 0

    def update(self, output: Example, target: Example) -> None:
        if "nearest_label" not in output or "label" not in target:
            raise DataError("nearest_neighbour: needs 'nearest_label' in the results and 'label' in the data")
        self._right += int(np.sum(output["nearest_label"] == target["label"]))
        self._count += len(target["label"])

    def result(self) -> Mapping[str, float]:
        return {"nearest_neighbour": 100 * self._right / self._count}
