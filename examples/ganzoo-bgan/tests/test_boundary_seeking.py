import math

import pytest
import torch
from ganzoo_bgan import BoundarySeeking

from ganzoo.testing import check_component, check_loss


def test_boundary_seeking_keeps_the_contract_of_a_loss() -> None:
    check_component(BoundarySeeking)
    check_loss(BoundarySeeking())


def test_both_sides_agree_with_the_paper_by_hand() -> None:
    loss = BoundarySeeking()
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[2.0], [0.0]])
    terms = [math.log1p(math.exp(-3)), math.log1p(math.exp(-1)), math.log1p(math.exp(2)), math.log(2)]
    assert loss.discriminator_loss(real, fake).item() == pytest.approx(sum(terms) / 2)
    assert loss.generator_loss(fake).item() == pytest.approx((4 + 0) / 2 / 2)
