from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import Array, DataError, Embedding, Example, Extractor, Identity, Metric, OpenTraining
from ganzoo_coloured_digits.palette import ink, nearest_colours, palette

_SET_AXES = 4
_RGB = 3


class TranslatedDigits(Metric):
    """How many translated digits keep their class, and how many are in its colour, in percent.

    Takes sets of uint8 images and the `label` of what they were made of. `class_kept`: to how many a classifier of grey
    digits, `features`, gives their label; it sees coloured ones as grey ink, without their colour. `colour_right`, of
    RGB images only: how many have paper whose colour is nearest to that of their label, as `coloured_digits` has them.
    """

    def __init__(self, *, features: Extractor) -> None:
        self.features = features
        self._embedding: Embedding | None = None
        self._kept: list[Array] = []
        self._right: list[Array] = []

    def build(self, training: OpenTraining) -> None:
        self._embedding = self.features.load(training)

    def update(self, output: Example, target: Example) -> None:
        images, labels = output.get("image"), output.get("label")
        if images is None or labels is None or images.ndim != _SET_AXES:
            raise DataError("translated_digits: needs sets of images in 'image', and their 'label', in the results")
        is_coloured = images.shape[-1] == _RGB
        probabilities = self.embedding.probabilities(ink(images) if is_coloured else images)
        self._kept.append(probabilities.argmax(axis=1) == labels)
        if is_coloured:
            self._right.append(nearest_colours(images, palette(probabilities.shape[1])) == labels)

    def result(self) -> Mapping[str, float]:
        named = {"class_kept": self._kept, "colour_right": self._right}
        return {name: 100 * float(np.concatenate(found).mean()) for name, found in named.items() if found}

    def identity(self) -> Identity:
        return self.embedding.identity

    @property
    def embedding(self) -> Embedding:
        """The classifier."""
        if self._embedding is None:
            raise ValueError("build() must be called before the first update")
        return self._embedding
