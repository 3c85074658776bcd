from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Example, Metric
from ganzoo_classifier.sets import images_of

_LABEL = "label"


class TrainOnSynthetic(Metric):
    """How often a classifier that learned from generated images alone is right about real ones: `train_on_synthetic`.

    In percent, of the held-out reals (classification accuracy score, arXiv 1905.10887). Takes sets of uint8 images and
    their labels: the output has those that were asked for. A small classifier is trained on the first `examples` of the
    output, from the same weights each time, and tested on as many of the target; the row `real` says what reals teach.
    """

    def __init__(self, *, field: str = "image", examples: Annotated[int, Ge(2)] = 10_000) -> None:
        self.field, self.examples = field, examples
        self._parts: dict[str, list[Array]] = {"made": [], "asked": [], "real": [], "label": []}
        self._count = 0
        self._score: float | None = None

    def update(self, output: Example, target: Example) -> None:
        if _LABEL not in output or _LABEL not in target:
            raise DataError("train_on_synthetic: needs a 'label' of each generated and each held-out image")
        room, self._score = self.examples - self._count, None
        found = {
            "made": images_of(output, self.field, "train_on_synthetic"),
            "asked": output[_LABEL],
            "real": images_of(target, self.field, "train_on_synthetic"),
            "label": target[_LABEL],
        }
        for name, values in found.items():
            self._parts[name].append(values[: max(room, 0)])
        self._count += min(len(found["made"]), max(room, 0))

    def result(self) -> Mapping[str, float]:
        if self._score is None:
            self._score = _accuracy(**{name: np.concatenate(parts) for name, parts in self._parts.items()})
        return {"train_on_synthetic": self._score}


def _accuracy(made: Array, asked: Array, real: Array, label: Array) -> float:
    from ganzoo_classifier import networks, training
    from ganzoo_classifier.classifier import Classifier, unseen

    classes = 1 + int(max(asked.max(), label.max()))
    height, width, channels = made.shape[1:]
    network = networks.classifier(height, width, channels, classes)
    training.train(network, made, asked, report=unseen)
    return 100 * float((Classifier(network).classes(real) == label).mean())
