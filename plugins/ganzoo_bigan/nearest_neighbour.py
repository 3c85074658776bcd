from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Example, Metric

_NEEDED = ("features", "neighbours", "neighbour_labels")


class NearestNeighbour(Metric):
    """How often the nearest of labelled examples has the same class, in percent: `nearest_neighbour`.

    Takes sets whose output has the `features` of each held-out example, those of the examples among which the nearest
    is looked for (`neighbours`) and their `neighbour_labels`; the target has the `label`. Nearest is by Euclidean
    distance (the measure of BiGAN, arXiv 1605.09782). `chunk` held-out examples are compared at once, which bounds the
    memory.
    """

    def __init__(self, *, chunk: Annotated[int, Ge(1)] = 500) -> None:
        self.chunk = chunk
        self._right = self._seen = 0

    def update(self, output: Example, target: Example) -> None:
        missing = [name for name in _NEEDED if name not in output]
        if missing or "label" not in target:
            raise DataError(
                f"nearest_neighbour: lacks {', '.join(missing or ['label'])}; the task bigan gives them with "
                "task.neighbours = {name = ...}"
            )
        neighbours, labels = output["neighbours"].astype(np.float32), output["neighbour_labels"]
        lengths = (neighbours**2).sum(axis=1)
        for start in range(0, len(target["label"]), self.chunk):
            part: Array = output["features"][start : start + self.chunk].astype(np.float32)
            nearest = (lengths - 2 * part @ neighbours.T).argmin(axis=1)
            self._right += int((labels[nearest] == target["label"][start : start + self.chunk]).sum())
            self._seen += len(part)

    def result(self) -> Mapping[str, float]:
        return {"nearest_neighbour": 100 * self._right / self._seen}
