import math

import pytest
import torch
from ganzoo_losses import ganzoo_register_losses
from torchmetrics.functional.image import structural_similarity_index_measure

from ganzoo import PairLoss, RecipeError

LOSSES = ganzoo_register_losses()
#: SSIM needs larger images and has tests of its own.
PAIR = sorted(name for name, loss in LOSSES.items() if issubclass(loss, PairLoss) and name != "ssim")
OUTPUT = torch.tensor([[0.0, 1.0, -1.0], [0.5, 0.0, 0.0]])[None, :, :, None]
TARGET = torch.tensor([[0.0, 0.0, 0.0], [0.5, 0.0, -1.0]])[None, :, :, None]


def distance(name: str, output=OUTPUT, target=TARGET) -> float:
    return LOSSES[name]()(output, target).item()


def test_mse_is_the_mean_of_squared_errors():
    assert distance("mse") == pytest.approx((1 + 1 + 1) / 6)


def test_l1_is_the_mean_of_absolute_errors():
    assert distance("l1", target=TARGET * 0) == pytest.approx(2.5 / 6)


def test_total_variation_is_mean_squared_steps_down_plus_mean_squared_steps_across():
    down = (0.5**2 + 1**2 + 1**2) / 3
    across = (1**2 + 2**2 + 0.5**2 + 0**2) / 4
    assert distance("total_variation") == pytest.approx(down + across)


def test_total_variation_never_looks_at_the_target():
    assert distance("total_variation", target=TARGET) == distance("total_variation", target=-TARGET)


def test_image_gradient_is_the_mean_absolute_difference_of_steps():
    # steps down: output 0.5 -1 1, target 0.5 0 -1; steps across: output 1 -2 -0.5 0, target 0 0 -0.5 -1
    assert distance("image_gradient") == pytest.approx((0 + 1 + 2) / 3 + (1 + 2 + 0 + 1) / 4)


def test_image_gradient_ignores_brightness_and_sees_polarity():
    assert distance("image_gradient", target=OUTPUT + 0.25) == pytest.approx(0.0)
    assert distance("image_gradient", target=-OUTPUT) == pytest.approx(
        2 * distance("image_gradient", target=0 * OUTPUT)
    )


@pytest.mark.parametrize("name", PAIR)
def test_pair_losses_average_over_a_batch_and_over_channels(name):
    repeated = (image.expand(3, -1, -1, 2) for image in (OUTPUT, TARGET))
    assert distance(name, *repeated) == pytest.approx(distance(name))


@pytest.mark.parametrize("name", PAIR)
def test_constant_equal_images_cost_nothing(name):
    flat = torch.full((2, 4, 4, 3), 0.5)
    assert distance(name, flat, flat) == pytest.approx(1e-3 if name == "charbonnier" else 0.0)


@pytest.mark.parametrize("name", PAIR)
def test_largest_values_are_those_that_the_description_states(name):
    checkers = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    image = checkers[None, :, :, None]
    assert distance(name, image, -image) == pytest.approx(
        {"mse": 4, "l1": 2, "charbonnier": 2, "total_variation": 8, "image_gradient": 8}[name]
    )


def test_charbonnier_is_a_smooth_absolute_error():
    expected = sum(math.sqrt(error**2 + 1e-6) for error in (0, 1, 1, 0, 0, 1)) / 6
    assert distance("charbonnier") == pytest.approx(expected)
    output = TARGET.clone().requires_grad_()
    LOSSES["charbonnier"]()(output, TARGET).backward()
    assert torch.equal(output.grad, torch.zeros_like(output))


def test_ssim_agrees_with_torchmetrics_away_from_the_border_and_so_does_its_gradient():
    one, other = torch.rand(2, 2, 24, 20, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    one.requires_grad_()
    loss = LOSSES["ssim"]()(one, other)
    (gradient,) = torch.autograd.grad(loss, one)
    planes = (values.movedim(-1, 1) for values in (one, other))
    _, whole = structural_similarity_index_measure(*planes, sigma=1.5, data_range=2.0, return_full_image=True)
    expected = 1 - whole[:, :, 5:-5, 5:-5].mean()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(gradient, torch.autograd.grad(expected, one)[0], atol=1e-6)


def test_ssim_of_an_image_with_itself_costs_nothing_and_with_noise_much():
    image = torch.rand(1, 16, 16, 1, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert LOSSES["ssim"]()(image, image).item() == pytest.approx(0.0, abs=1e-6)
    noise = torch.rand(1, 16, 16, 1, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert 0.5 < LOSSES["ssim"]()(image, noise).item() <= 2


def test_ssim_names_images_that_are_smaller_than_its_window():
    with pytest.raises(RecipeError, match="images of 2x3 are smaller than the window of 11; set window"):
        LOSSES["ssim"]()(OUTPUT, TARGET)
