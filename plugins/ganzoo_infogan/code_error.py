from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import Array, DataError, Example, Metric


class CodeError(Metric):
    """How often a code that was found without labels tells the wrong class, in percent: `code_error`.

    Takes sets whose output has the `category` that the code gives to each held-out example, and whose target has its
    `label`. Each category stands for one class, each class for one category at most, as best fits these examples; what
    a category says of other classes is an error (InfoGAN, arXiv 1606.03657).
    """

    larger_is_better = False

    def __init__(self) -> None:
        self._counts: Array = np.zeros((0, 0), np.int64)

    def update(self, output: Example, target: Example) -> None:
        if "category" not in output or "label" not in target:
            raise DataError("code_error: needs 'category' in the results and 'label' in the data")
        pairs = np.stack([output["category"], target["label"]]).astype(np.int64)
        size = max(int(pairs.max(initial=0)) + 1, len(self._counts))
        grown = np.zeros((size, size), np.int64)
        grown[: len(self._counts), : len(self._counts)] = self._counts
        np.add.at(grown, tuple(pairs), 1)
        self._counts = grown

    def result(self) -> Mapping[str, float]:
        from scipy.optimize import linear_sum_assignment

        right = self._counts[linear_sum_assignment(self._counts, maximize=True)].sum()
        return {"code_error": 100 * float(1 - right / self._counts.sum())}
