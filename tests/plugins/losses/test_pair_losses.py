import pytest
import torch
from ganzoo_losses import ganzoo_register_losses

from ganzoo import PairLoss

LOSSES = ganzoo_register_losses()
PAIR = sorted(name for name, loss in LOSSES.items() if issubclass(loss, PairLoss))
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
    assert distance(name, flat, flat) == 0.0


@pytest.mark.parametrize("name", PAIR)
def test_largest_values_are_those_that_the_description_states(name):
    checkers = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    image = checkers[None, :, :, None]
    assert distance(name, image, -image) == {"mse": 4, "l1": 2, "total_variation": 8, "image_gradient": 8}[name]
