from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo import Array, DataError, Example, Metric
from ganzoo_metrics.fields import field_of


class ReconstructionDistance(Metric):
    """Mean Euclidean distance of images and their reconstructions: `reconstruction_distance`.

    Takes sets of uint8 images whose output has the `reconstruction` of each image of the target. Pixels count in
    [0, 1]. `mismatched_distance` is the distance of each reconstruction to the image after its own: what a
    reconstruction that knows nothing of its image would have (BiGAN, arXiv 1605.09782).
    """

    larger_is_better = False

    def __init__(self, *, field: str = "image") -> None:
        self.field = field
        self._own: list[Array] = []
        self._next: list[Array] = []

    def update(self, output: Example, target: Example) -> None:
        made, given = (
            _flat(field_of(examples, name, "reconstruction_distance"))
            for examples, name in ((output, "reconstruction"), (target, self.field))
        )
        if made.shape != given.shape:
            raise DataError(
                f"reconstruction_distance: reconstructions of {made.shape[1]} values cannot be compared with images "
                f"of {given.shape[1]}"
            )
        self._own.append(np.linalg.norm(made - given, axis=1))
        self._next.append(np.linalg.norm(made - np.roll(given, -1, axis=0), axis=1))

    def result(self) -> Mapping[str, float]:
        return {
            "reconstruction_distance": float(np.concatenate(self._own).mean()),
            "mismatched_distance": float(np.concatenate(self._next).mean()),
        }


def _flat(values: Array) -> Array:
    return (values.astype(np.float32) / 255).reshape(len(values), -1)
