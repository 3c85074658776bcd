"""Features of several groups of examples in two dimensions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganzoo.contracts.tensor import Array

_SEED = 0
_PERPLEXITY = 30.0


def principal_components(groups: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[float, float]]:
    """Return each group (n x features) in the first two principal components of all, and their shares of variance."""
    rows = _standardised(groups)
    _, strengths, directions = np.linalg.svd(rows, full_matrices=False)
    variance = np.append(strengths**2, [0.0, 0.0])
    shares = variance[:2] / max(variance.sum(), 1e-12)
    projected = rows @ directions[:2].T
    if projected.shape[1] < 2:
        projected = np.pad(projected, ((0, 0), (0, 2 - projected.shape[1])))
    return _split(groups, projected), (float(shares[0]), float(shares[1]))


def t_sne(groups: Mapping[str, Array]) -> dict[str, Array] | None:
    """Return each group as t-SNE places it among all; None where scikit-learn is not installed."""
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        return None
    rows = _standardised(groups)
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    return _split(groups, TSNE(perplexity=perplexity, init="pca", random_state=_SEED).fit_transform(rows))


def _standardised(groups: Mapping[str, Array]) -> Array:
    """Return all rows with mean 0; features that never change stay 0."""
    rows: Array = np.concatenate(list(groups.values())).astype(np.float64)
    centred: Array = rows - rows.mean(axis=0)
    centred /= np.maximum(centred.std(axis=0), 1e-8)
    return centred


def _split(groups: Mapping[str, Array], rows: Array) -> dict[str, Array]:
    ends = np.cumsum([len(values) for values in groups.values()])
    return dict(zip(groups, np.split(rows, ends[:-1]), strict=True))
