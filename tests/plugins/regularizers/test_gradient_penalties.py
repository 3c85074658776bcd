import math

import keras
import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Comparison, Random, Step
from ganzoo.testing import judged

OFFERED = ganzoo_register_regularizers()
GradientPenalty, R1 = OFFERED["gradient_penalty"], OFFERED["r1"]
STEP = Step(number=0)


def linear(weights: torch.Tensor, batch: int = 4) -> Comparison:
    """D(x) = x . w, whose gradient is w everywhere."""
    real, fake = torch.randn(2, batch, len(weights), generator=torch.Generator().manual_seed(0))
    return Comparison(lambda points: points @ weights[:, None], real, fake)


def penalty(regularizer, comparison: Comparison, step: int = 0) -> torch.Tensor:
    return regularizer.discriminator_penalty(judged(comparison), step=STEP, rng=Random(0, "test", step))


@pytest.mark.parametrize("target", [1.0, 0.0, 750.0])
def test_gradient_penalty_of_a_linear_discriminator_is_its_norm_off_target_squared(target):
    value = penalty(GradientPenalty(target=target), linear(torch.tensor([3.0, 4.0])))
    assert value.item() == pytest.approx((5.0 - target) ** 2, rel=1e-6)


def test_gradient_penalty_can_be_descended_by_the_discriminator():
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    penalty(GradientPenalty(), linear(weights)).backward()
    assert torch.allclose(weights.grad, 2 * (5.0 - 1.0) * torch.tensor([0.6, 0.8]))


def test_gradient_penalty_has_a_finite_gradient_where_the_discriminator_is_flat():
    weights = torch.zeros(3, requires_grad=True)
    value = penalty(GradientPenalty(), linear(weights))
    value.backward()
    assert value.item() == pytest.approx(1.0, abs=1e-5)
    assert torch.isfinite(weights.grad).all()


@pytest.mark.parametrize("regularizer", [GradientPenalty(), R1()])
def test_patches_count_with_the_sum_of_their_logits(regularizer):
    images = torch.zeros(2, 2, 3, 1)
    patches = Comparison(lambda points: 2.0 * points, images, images)
    norm = 2.0 * math.sqrt(2 * 3)
    expected = (norm - 1) ** 2 if isinstance(regularizer, GradientPenalty) else 5.0 * norm**2
    assert penalty(regularizer, patches).item() == pytest.approx(expected, rel=1e-6)


def test_gradient_penalty_looks_at_one_mixture_for_each_pair():
    seen = []

    def judge(points: torch.Tensor) -> torch.Tensor:
        seen.append(points.detach())
        return points.sum(dim=(1, 2, 3))[:, None]

    penalty(GradientPenalty(), Comparison(judge, torch.zeros(64, 2, 2, 1), torch.ones(64, 2, 2, 1)))
    shares = seen[0].flatten(1)
    assert torch.equal(shares, shares[:, :1].expand_as(shares))
    assert shares.min() >= 0
    assert shares.max() < 1
    assert 0.35 < shares.mean() < 0.65
    assert len(shares[:, 0].unique()) == 64


def test_gradient_penalty_draws_the_same_mixtures_at_the_same_step_only():
    comparison = Comparison(lambda points: points.square().sum(dim=1, keepdim=True), *torch.randn(2, 8, 3))
    first, again, later = (penalty(GradientPenalty(), comparison, step).item() for step in (0, 0, 1))
    assert first == again != later


def test_r1_of_a_linear_discriminator_is_half_gamma_times_its_squared_norm():
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    value = penalty(R1(gamma=0.5), linear(weights))
    value.backward()
    assert value.item() == pytest.approx(0.25 * 25.0)
    assert torch.allclose(weights.grad, 0.5 * torch.tensor([3.0, 4.0]))


def test_r1_looks_at_reals_alone_and_averages_over_the_batch():
    # D(x) = |x|^2 / 2 has the gradient x
    comparison = Comparison(
        lambda points: points.square().sum(dim=1, keepdim=True) / 2,
        torch.tensor([[1.0, 2.0], [3.0, 0.0]]),
        torch.full((2, 2), 100.0),
    )
    assert penalty(R1(gamma=2.0), comparison).item() == pytest.approx((5.0 + 9.0) / 2)


@pytest.mark.parametrize("regularizer", [GradientPenalty(), R1()])
def test_penalties_stop_at_the_images(regularizer):
    weights = torch.ones(2, requires_grad=True)
    comparison = linear(weights)
    images = comparison.real.clone().requires_grad_()
    value = penalty(regularizer, Comparison(comparison.judge, images, images))
    assert torch.autograd.grad(value, [images, weights], allow_unused=True)[0] is None


@pytest.mark.parametrize("regularizer", [GradientPenalty(), R1()])
def test_penalties_reach_the_kernels_of_a_convolutional_discriminator(regularizer):
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(3, 3, strides=2, padding="same"),
            layers.LayerNormalization(),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    images = torch.randn(2, 3, 4, 4, 1)
    kernels = [weight.value for weight in network.trainable_variables if weight.name == "kernel"]
    gradients = torch.autograd.grad(penalty(regularizer, Comparison(network, *images)), kernels)
    assert all(torch.isfinite(gradient).all() and gradient.abs().sum() > 0 for gradient in gradients)
