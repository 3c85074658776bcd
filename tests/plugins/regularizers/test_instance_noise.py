import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Constant, Ramp, Random, Step

InstanceNoise = ganzoo_register_regularizers()["instance_noise"]
HALF = Constant(0.5)


def noisy(images, *, sigma=HALF, comparison="sample", real=True, player="discriminator", number=0):
    return InstanceNoise(sigma=sigma).discriminator_inputs(
        images,
        comparison=comparison,
        real=real,
        player=player,
        step=Step(number=number),
        rng=Random(0, "test", number),
    )


def test_noise_has_the_spread_that_the_schedule_says():
    images = torch.ones(100, 10, 10, 1)
    sigma = Ramp(start=1.0, end=0.0, steps=10)
    for number, expected in ((0, 1.0), (5, 0.5)):
        noise = noisy(images, sigma=sigma, number=number) - images
        assert noise.std().item() == pytest.approx(expected, rel=0.05)
        assert noise.mean().item() == pytest.approx(0.0, abs=0.05)


def test_images_are_unchanged_once_the_noise_is_gone():
    images = torch.ones(2, 3)
    assert noisy(images, sigma=Ramp(start=1.0, end=0.0, steps=10), number=10) is images


def test_noise_repeats_at_the_same_step_and_differs_otherwise():
    images = torch.zeros(4, 3)
    first = noisy(images)
    assert torch.equal(first, noisy(images))
    for other in ({"real": False}, {"comparison": "cycle"}, {"number": 1}):
        assert not torch.equal(first, noisy(images, **other)), other


def test_generators_gradient_passes_through_the_noise():
    images = torch.zeros(2, 3, requires_grad=True)
    noisy(images, real=False, player="generator").sum().backward()
    assert torch.equal(images.grad, torch.ones(2, 3))
