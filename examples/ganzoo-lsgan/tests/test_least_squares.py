import pytest
import torch
from ganzoo_lsgan import LeastSquares

from ganzoo.testing import check_component, check_loss


def test_least_squares_keeps_the_contract_of_a_loss() -> None:
    check_component(LeastSquares)
    check_loss(LeastSquares())


def test_both_sides_agree_with_the_paper_by_hand() -> None:
    loss = LeastSquares()
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[2.0], [0.0]])
    assert loss.discriminator_loss(real, fake).item() == pytest.approx(0.5 * (4 + 0) / 2 + 0.5 * (4 + 0) / 2)
    assert loss.generator_loss(fake).item() == pytest.approx(0.5 * (1 + 1) / 2)
