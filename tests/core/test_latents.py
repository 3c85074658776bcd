"""Latents of samples, and statistics of normalizations for them."""

import keras
import pytest
import torch
from scipy import stats

from ganzoo import Random, RecipeError, layers, sampling


@pytest.mark.parametrize("limit", [0.5, 1.0, 3.0])
def test_truncated_normals_are_distributed_as_those_that_are_within_the_limit(limit):
    drawn = sampling.truncated_normal(Random(0, "latents"), (20000,), limit)
    assert drawn.abs().max() <= limit
    assert stats.kstest(drawn.numpy(), stats.truncnorm(-limit, limit).cdf).pvalue > 0.01


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(RecipeError, match="truncation: expected a number above 0, not 0"):
        sampling.truncated_normal(Random(0, "latents"), (2,), 0.0)


def test_straight_interpolation_includes_both_ends_in_equal_steps():
    first, last = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[3.0, -3.0], [1.0, 4.0]])
    way = sampling.interpolated(first, last, 4, on_sphere=False)
    assert torch.allclose(way[:4], torch.tensor([[0.0, 0.0], [1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]))
    assert torch.allclose(way[4:, 1], torch.tensor([1.0, 2.0, 3.0, 4.0]))


def test_spherical_interpolation_keeps_the_length_and_the_angle_between_steps():
    first, last = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    way = sampling.interpolated(first, last, 4, on_sphere=True)
    assert torch.allclose(way.norm(dim=1), torch.full((4,), 2.0), atol=1e-5)
    assert torch.allclose(way[1], torch.tensor([3**0.5, 1.0]), atol=1e-5)
    assert torch.allclose(way[[0, 3]], torch.cat([first, last]), atol=1e-5)


def network():
    inputs = keras.Input((3,))
    values = layers.SpectralNormalization(layers.Dense(2))(inputs)
    values = layers.BatchNormalization(center=False, scale=False, momentum=0.9)(values)
    return keras.Model(inputs, values)


def test_standing_statistics_are_the_mean_of_those_of_the_batches_and_nothing_else_changes():
    made = network()
    before = {variable.path: variable.value.detach().clone() for variable in made.variables}
    batches = [torch.randn(50, 3, generator=torch.Generator().manual_seed(seed)) + seed for seed in range(3)]
    sampling.set_standing_statistics(made, ({"latent": batch} for batch in batches))
    dense, normalization = made.layers[1], made.layers[2]
    assert normalization.momentum == 0.9
    for variable in made.variables:
        changed = not torch.equal(variable.value, before[variable.path])
        assert changed == ("moving" in variable.path), variable.path
    with torch.no_grad():
        rows = [dense(batch) for batch in batches]
    mean = torch.stack([row.mean(dim=0) for row in rows]).mean(dim=0)
    variance = torch.stack([row.var(dim=0, correction=0) for row in rows]).mean(dim=0)
    # the vectors of spectral normalization move within a batch, so its kernel is not quite that of before
    assert torch.allclose(normalization.moving_mean.value, mean, atol=0.05)
    assert torch.allclose(normalization.moving_variance.value, variance, rtol=0.1)


def test_standing_statistics_need_a_batch():
    with pytest.raises(ValueError, match="standing statistics need one batch at least"):
        sampling.set_standing_statistics(network(), [])
