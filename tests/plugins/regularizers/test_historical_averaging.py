import keras
import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Player, Step

HistoricalAveraging = ganzoo_register_regularizers()["historical_averaging"]
STEP = Step(number=0)


class Game:
    """Two players with one weight of two values each."""

    def __init__(self) -> None:
        self.regularizer = HistoricalAveraging()
        self.weights = {name: keras.Variable([1.0, 1.0]) for name in ("generator", "discriminator")}
        self.players = {name: Player(name, {}, (weight,)) for name, weight in self.weights.items()}
        self.regularizer.build(self.players, {})

    def move(self, name: str, value: float) -> None:
        self.weights[name].assign([value, value])
        self.regularizer.after_update(self.players[name], {}, step=STEP)

    def penalty(self, name: str) -> torch.Tensor:
        return self.regularizer.weight_penalty(self.players[name], step=STEP)


def test_penalty_is_the_squared_distance_to_the_mean_of_all_past_weights():
    game = Game()
    assert game.penalty("generator").item() == 0.0
    game.move("generator", 3.0)
    assert game.penalty("generator").item() == pytest.approx(2 * (3.0 - 2.0) ** 2)
    game.move("generator", 5.0)
    assert game.penalty("generator").item() == pytest.approx(2 * (5.0 - 3.0) ** 2)


def test_each_player_has_its_own_past():
    game = Game()
    game.move("generator", 3.0)
    assert game.penalty("discriminator").item() == 0.0


def test_penalty_pulls_the_weights_back():
    game = Game()
    game.move("generator", 3.0)
    (gradient,) = torch.autograd.grad(game.penalty("generator"), [game.weights["generator"].value])
    assert torch.allclose(gradient, torch.tensor([2.0, 2.0]))


def test_state_carries_a_run_over():
    game, resumed = Game(), Game()
    game.move("generator", 3.0)
    game.move("discriminator", -2.0)
    for name, variable in resumed.regularizer.state().items():
        variable.assign(game.regularizer.state()[name].value)
    for each in (game, resumed):
        each.move("generator", 7.0)
    assert sorted(game.regularizer.state()) == sorted(resumed.regularizer.state())
    for name, variable in resumed.regularizer.state().items():
        assert torch.equal(variable.value, game.regularizer.state()[name].value), name


def test_state_names_count_and_means_of_both_players():
    assert sorted(Game().regularizer.state()) == [
        "discriminator/count",
        "discriminator/mean/0000",
        "generator/count",
        "generator/mean/0000",
    ]
