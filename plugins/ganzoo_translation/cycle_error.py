from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import DataError, Example, Metric


class CycleError(Metric):
    """How far images are from themselves, translated and back: `cycle_error`, the mean absolute difference of pixels.

    Takes sets of uint8 images, `cycle` in the output and `input` in the target, as `unpaired_translation` gives them.
    Pixels count in [0, 1]; each set counts by its number of images.
    """

    larger_is_better = False

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def update(self, output: Example, target: Example) -> None:
        if "cycle" not in output or "input" not in target:
            raise DataError("cycle_error: needs 'cycle' in the results and 'input' beside them")
        difference = np.abs(output["cycle"].astype(np.float64) - target["input"]) / 255
        self._sum += float(difference.reshape(len(difference), -1).mean(axis=1).sum())
        self._count += len(difference)

    def result(self) -> Mapping[str, float]:
        return {"cycle_error": self._sum / self._count}
