"""The distance of two Gaussians, from moments that come in parts."""

import numpy as np
import pytest
from ganzoo_metrics.moments import Moments, frechet_distance


def exact(mean, covariance, count=1000):
    """Rows with exactly this mean and this covariance."""
    rows = np.random.default_rng(0).normal(size=(count, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
    return mean + rows @ np.linalg.cholesky(covariance).T


def moments(*parts):
    found = Moments()
    for part in parts:
        found.add(part)
    return found


def test_the_distance_of_known_gaussians_is_exact():
    # diagonal covariances commute: |m|^2 + sum (sqrt a - sqrt b)^2
    one = exact(np.array([0.0, 0.0]), np.diag([4.0, 9.0]))
    other = exact(np.array([3.0, 4.0]), np.diag([1.0, 16.0]))
    assert frechet_distance(moments(one), moments(other)) == pytest.approx(25 + 1 + 1, abs=1e-9)


def test_the_distance_of_correlated_gaussians_is_that_of_the_matrix_root():
    one, other = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([[1.0, -0.4], [-0.4, 3.0]])
    values, vectors = np.linalg.eig(one @ other)
    root = vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors)
    expected = np.trace(one + other - 2 * root)
    rows = [exact(np.zeros(2), covariance) for covariance in (one, other)]
    assert frechet_distance(*map(moments, rows)) == pytest.approx(expected, abs=1e-9)


def test_parts_give_the_same_as_the_whole_far_from_zero():
    rows = np.random.default_rng(1).normal(1e4, 1.0, (999, 5)).astype(np.float32)
    whole, parts = moments(rows), moments(rows[:10], rows[10:500], rows[500:])
    assert np.allclose(whole.mean, parts.mean, rtol=1e-12)
    assert np.allclose(whole.covariance, np.cov(rows.astype(np.float64).T), rtol=1e-9)
    assert np.allclose(parts.covariance, whole.covariance, rtol=1e-9)


def test_the_distance_is_that_of_the_matrix_root_of_scipy_for_gaussians_of_many_axes():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(2)
    one, other = (rng.normal(size=(300, 40)) @ rng.normal(size=(40, 40)) + rng.normal(size=40) for _ in range(2))
    covariances = [np.cov(rows.T) for rows in (one, other)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    shift = one.mean(axis=0) - other.mean(axis=0)
    expected = shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(moments(one), moments(other)) == pytest.approx(expected, rel=1e-8)
