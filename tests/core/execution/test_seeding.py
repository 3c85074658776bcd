"""All global generators are set from (seed, stream, step)."""

import torch

from ganzoo.execution.seeding import seed_everything
from ganzoo.randomness import derive_seed


def test_torch_draws_what_its_own_manual_seed_gives():
    seed_everything(3, "step", 7)
    drawn = torch.randn(5)
    torch.manual_seed(derive_seed(3, "step/torch", 7))
    assert torch.equal(drawn, torch.randn(5))
