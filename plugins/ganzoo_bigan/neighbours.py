"""The search for nearest neighbours in memory that does not grow with the number of training examples."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ganzoo import Array, sampling


def nearest_labels(queries: Array, references: Iterable[tuple[Array, Array]]) -> Array:
    """Return the label of the reference at the smallest Euclidean distance of each query (count, width).

    `references` gives parts of features (size, width) and labels (size,), one after the other; the first of equally
    near ones counts.
    """
    asked = sampling.to_tensors({"queries": queries})["queries"]
    best = np.full(len(queries), np.inf, np.float32)
    found = np.zeros(len(queries), np.int32)
    for features, labels in references:
        given = sampling.to_tensors({"features": features})["features"]
        # |q - r|^2 without |q|^2, which is the same for all references
        distances = given.square().sum(dim=1) - 2 * asked @ given.T
        nearest, index = (values.cpu().numpy() for values in distances.min(dim=1))
        nearer = nearest < best
        best[nearer], found[nearer] = nearest[nearer], labels[index[nearer]]
    return found
