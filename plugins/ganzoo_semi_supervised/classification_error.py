from __future__ import annotations

from collections.abc import Mapping

from ganzoo import DataError, Example, Metric


class ClassificationError(Metric):
    """The share of labels that are wrong, in percent: `classification_error`.

    Takes sets with a `label`: those that a classifier gives, and those of the data.
    """

    larger_is_better = False

    def __init__(self) -> None:
        self._wrong = self._seen = 0

    def update(self, output: Example, target: Example) -> None:
        for what, given in (("the results", output), ("the data", target)):
            if "label" not in given:
                raise DataError(
                    f"classification_error: {what} have no 'label'; there are {', '.join(given) or '(none)'}"
                )
        self._wrong += int((output["label"] != target["label"]).sum())
        self._seen += output["label"].size

    def result(self) -> Mapping[str, float]:
        return {"classification_error": 100 * self._wrong / self._seen}
