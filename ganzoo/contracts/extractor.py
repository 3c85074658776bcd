"""Features of images, on which sets of them are compared."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ganzoo.contracts.component import Component
from ganzoo.contracts.metric import Identity
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo.contracts.results import OpenTraining
    from ganzoo.contracts.tensor import Array, Network

#: So many answers are remembered: several metrics ask for those of the same output and target.
_REMEMBERED = 4
_SET_AXES = 4


class Extractor(Component, ABC):
    """Turns images into rows of features, for metrics that compare sets of images.

    A metric takes one as its option `features`, and its scores are named after it.
    """

    kind = "architecture"
    role: ClassVar[str] = "features"

    @abstractmethod
    def load(self, training: OpenTraining) -> Embedding:
        """Return the extractor ready for use; the same one each time in a process is best.

        `training()` opens the training data, by stream, for one that learns from them. DataError naming the remedy when
        weights are not on this machine.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding:
    """A loaded extractor: sets of uint8 images (count, height, width, channels) as rows of numbers.

    `label` names scores: `classifier` gives `classifier_frechet`. `identity` has what decides the features, the sha256
    of all weights above all.
    """

    label: str
    identity: Identity
    #: From images to features (count, width).
    to_features: Callable[[Array], Array]
    #: From images to the probabilities of classes (count, classes), where the network tells classes.
    to_probabilities: Callable[[Array], Array] | None = None
    #: Names that the literature reserves for scores with this network, as {"frechet": "fid"}.
    names: Mapping[str, str] = field(default_factory=dict)
    _recent: deque[tuple[object, Array, Array]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED), init=False, repr=False
    )

    def named(self, score: str) -> str:
        """Return what a score with these features is called."""
        return self.names.get(score, f"{self.label}_{score}")

    def features(self, images: Array) -> Array:
        """Return the features (count, width) of uint8 images."""
        return self._remembered(self.to_features, images)

    def probabilities(self, images: Array) -> Array:
        """Return the probabilities of classes (count, classes); DataError where the network tells none."""
        if self.to_probabilities is None:
            raise DataError(f"the features '{self.label}' tell no classes; a classifier or Inception does")
        return self._remembered(self.to_probabilities, images)

    def _remembered(self, function: Callable[[Array], Array], images: Array) -> Array:
        if images.ndim != _SET_AXES or images.dtype != np.uint8:
            raise DataError(f"{self.label}: needs sets of uint8 images, received {images.dtype} {images.shape}")
        for known, asked, answer in self._recent:
            if known is function and asked is images:
                return answer
        answer = function(images)
        self._recent.append((function, images, answer))
        return answer


def weights_sha256(*networks: Network) -> str:
    """Return the hash of all weights of these networks that are not integers, in order."""
    digest = hashlib.sha256()
    for network in networks:
        for value in map(np.asarray, network.get_weights()):
            if value.dtype.kind == "f":
                digest.update(np.ascontiguousarray(value).data)
    return digest.hexdigest()
