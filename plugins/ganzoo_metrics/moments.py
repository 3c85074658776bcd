"""Means and covariances of sets that come in parts, and the distance of two of them."""

from __future__ import annotations

import numpy as np

from ganzoo import Array, DataError

_FEWEST = 2


class Moments:
    """Count, mean and covariance of rows that come in parts, in float64."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: Array = np.zeros(0)
        self._products: Array = np.zeros(0)

    def add(self, rows: Array) -> None:
        """Add rows (count, width)."""
        values = rows.astype(np.float64)
        if self.count == 0:
            self._shift = values.mean(axis=0)
            self._sum = np.zeros(values.shape[1])
            self._products = np.zeros((values.shape[1], values.shape[1]))
        centred = values - self._shift  # of about zero mean, so that squares lose no digits
        self.count += len(values)
        self._sum += centred.sum(axis=0)
        self._products += centred.T @ centred

    @property
    def mean(self) -> Array:
        """The mean of all rows."""
        mean: Array = self._shift + self._sum / self.count
        return mean

    @property
    def covariance(self) -> Array:
        """The unbiased covariance."""
        centre = self._sum / self.count
        covariance: Array = (self._products - self.count * np.outer(centre, centre)) / (self.count - 1)
        return covariance


def frechet_distance(one: Moments, other: Moments) -> float:
    """Return the squared Fréchet distance of two Gaussians; DataError for sets of fewer than two."""
    if min(one.count, other.count) < _FEWEST:
        raise DataError("frechet: needs two images or more on each side")
    root = _root(one.covariance)
    cross = np.linalg.eigvalsh(root @ other.covariance @ root)
    trace = np.trace(one.covariance) + np.trace(other.covariance) - 2 * np.sqrt(cross.clip(min=0)).sum()
    return float(((one.mean - other.mean) ** 2).sum() + trace)


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    root: Array = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    return root
