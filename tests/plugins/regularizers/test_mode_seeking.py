import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Random, RecipeError, Step

ModeSeeking = ganzoo_register_regularizers()["mode_seeking"]


def penalty(fakes, **options) -> torch.Tensor:
    return ModeSeeking(**options).generator_penalty(fakes, {}, step=Step(number=0), rng=Random(0, "test"))


def test_penalty_is_the_distance_of_latents_over_the_distance_of_fakes():
    fakes = {
        "latent": torch.tensor(
            [[0.0, 0.0], [1.0, 1.0], [1.0, 3.0], [1.0, 5.0]]
        ),  # mean |difference| (1 + 3 + 0 + 4) / 4
        "sample": torch.tensor([[0.0], [0.0], [1.0], [0.0]]),  # (1 + 0) / 2
    }
    assert penalty(fakes).item() == pytest.approx(1 / (0.5 / 2.0 + 1e-5))


def test_an_odd_batch_leaves_its_last_example_out():
    fakes = {"latent": torch.tensor([[0.0], [2.0], [9.0]]), "sample": torch.tensor([[0.0], [1.0], [9.0]])}
    assert penalty(fakes).item() == pytest.approx(1 / (1.0 / 2.0 + 1e-5))


def test_collapsed_fakes_cost_much_but_not_without_end():
    latent = torch.tensor([[0.0], [1.0]])
    sample = torch.zeros(2, 1, requires_grad=True)
    value = penalty({"latent": latent, "sample": sample})
    value.backward()
    assert value.item() == pytest.approx(1e5)
    assert torch.isfinite(sample.grad).all()


def test_another_field_can_be_looked_at():
    fakes = {"latent": torch.tensor([[0.0], [2.0]]), "image": torch.tensor([[0.0], [4.0]])}
    assert penalty(fakes, field="image").item() == pytest.approx(1 / (2.0 + 1e-5))


def test_a_task_without_latents_is_told_what_is_missing():
    with pytest.raises(RecipeError, match=r"needs 'latent' among the tensors .*; they are 'sample'"):
        penalty({"sample": torch.zeros(2, 1)})


def test_a_batch_of_one_cannot_be_compared_with_itself():
    with pytest.raises(RecipeError, match=r"train\.batch_size must be 2 or more"):
        penalty({"latent": torch.zeros(1, 1), "sample": torch.zeros(1, 1)})
