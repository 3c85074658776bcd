import keras
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Player, Step

WeightClipping = ganzoo_register_regularizers()["weight_clipping"]


def clipped(name: str) -> torch.Tensor:
    variable = keras.Variable([-1.0, -0.05, 0.05, 1.0])
    WeightClipping(limit=0.1).after_update(Player(name, {}, (variable,)), {}, step=Step(number=0))
    return variable.value.detach()


def test_weights_of_the_discriminator_stay_within_the_limit():
    assert torch.equal(clipped("discriminator"), torch.tensor([-0.1, -0.05, 0.05, 0.1]))


def test_weights_of_the_generator_stay_as_they_are():
    assert torch.equal(clipped("generator"), torch.tensor([-1.0, -0.05, 0.05, 1.0]))
