import keras
import numpy as np
import pytest
import torch
from ganzoo_loss_weights.gradnorm import GradNorm, weight_gradient
from ganzoo_loss_weights.uncertainty import Uncertainty

from ganzoo import Player, RecipeError, Step

STEP = Step(number=0)


@pytest.fixture
def player():
    image = keras.Input((2,))
    network = keras.Model(image, keras.layers.Dense(2, use_bias=False, name="trunk")(image))
    network.layers[-1].set_weights([np.array([[1.0, 2.0], [3.0, 4.0]])])
    return Player(name="generator", networks={"generator": network}, variables=tuple(network.trainable_variables))


def losses_of(player, easy=1.0, hard=10.0):
    kernel = player.networks["generator"].get_layer("trunk").kernel.value
    return {"easy": easy * kernel[0].sum(), "hard": hard * kernel.square().sum() / 2}


def built(regularizer, player):
    regularizer.build({"generator": player}, {})
    return regularizer


def steps(regularizer, player, count, **scales):
    for _ in range(count):
        factors = regularizer.loss_factors(player, losses_of(player, **scales), step=STEP)
    return {key: float(value) for key, value in factors.items()}


def test_uncertainty_follows_the_formula_of_the_paper():
    regularizer, values = Uncertainty(losses=("a", "b")), torch.tensor([2.0, 0.5])
    logs = torch.tensor([0.3, -0.4], requires_grad=True)
    total = (values / (2 * logs.exp()) + logs.exp().sqrt().log()).sum()
    [wanted] = torch.autograd.grad(total, logs)
    assert torch.allclose(regularizer.gradient(logs.detach(), values, None), wanted)
    assert torch.allclose(regularizer.factors(logs.detach()), 1 / (2 * logs.exp()))


def test_uncertainty_weighs_losses_by_the_inverse_of_their_size(player):
    regularizer = built(Uncertainty(losses=("easy", "hard"), learning_rate=0.1), player)
    assert steps(regularizer, player, 1) == pytest.approx({"easy": 0.5, "hard": 0.5})
    values = {key: value.item() for key, value in losses_of(player).items()}
    found = steps(regularizer, player, 800)
    assert found == pytest.approx({key: 0.5 / value for key, value in values.items()}, rel=0.05)


def test_the_weights_of_gradnorm_move_down_the_loss_of_the_paper():
    weights = torch.tensor([1.2, 0.8, 1.0], requires_grad=True)
    norms, left, alpha = torch.tensor([2.0, 5.0, 1.0]), torch.tensor([0.5, 0.9, 0.7]), 1.5
    target = ((weights * norms).mean() * (left / left.mean()) ** alpha).detach()
    [wanted] = torch.autograd.grad((weights * norms - target).abs().sum(), weights)
    assert torch.allclose(weight_gradient(weights.detach(), norms, left, alpha), wanted)


def test_gradnorm_brings_gradients_at_the_shared_layer_to_one_size(player):
    regularizer = built(GradNorm(losses=("easy", "hard"), alpha=0.0), player)
    found = steps(regularizer, player, 200)
    kernel = player.networks["generator"].get_layer("trunk").kernel.value
    norms = {
        key: torch.autograd.grad(value, kernel, retain_graph=True)[0].norm().item()
        for key, value in losses_of(player).items()
    }
    assert sum(found.values()) == pytest.approx(2, rel=1e-5)
    assert found["easy"] * norms["easy"] == pytest.approx(found["hard"] * norms["hard"], rel=0.15)


def test_gradnorm_gives_more_weight_to_a_loss_that_has_fallen_less(player):
    regularizer = built(GradNorm(losses=("easy", "hard"), alpha=1.5), player)
    equal = built(GradNorm(losses=("easy", "hard"), alpha=0.0), player)
    for each in (regularizer, equal):
        steps(each, player, 1)
    learned = [steps(each, player, 60, hard=1.0)["easy"] for each in (regularizer, equal)]
    assert learned[0] > learned[1], "hard is at a tenth of what it was, easy where it was"


@pytest.mark.parametrize("make", [GradNorm, Uncertainty])
def test_state_is_all_that_a_resumed_run_needs(player, make):
    one, other = (built(make(losses=("easy", "hard")), player) for _ in range(2))
    steps(one, player, 3)
    for name, variable in other.state().items():
        variable.assign(one.state()[name])
    assert steps(other, player, 4) == steps(one, player, 4)


@pytest.mark.parametrize("make", [GradNorm, Uncertainty])
def test_weights_rest_while_a_loss_is_missing_and_for_the_other_player(player, make):
    regularizer = built(make(losses=("easy", "hard"), learning_rate=0.1), player)
    steps(regularizer, player, 3)
    before = {name: float(value) for name, value in regularizer.report().items()}
    found = regularizer.loss_factors(player, {"easy": losses_of(player)["easy"]}, step=STEP)
    assert list(found) == ["easy"]
    assert {name: float(value) for name, value in regularizer.report().items()} == before
    other = Player(name="discriminator", networks={}, variables=())
    assert regularizer.loss_factors(other, {"easy": torch.zeros(())}, step=STEP) == {}


def test_mistakes_are_told(player):
    with pytest.raises(ValueError, match="must name two losses or more, each once; received"):
        Uncertainty(losses=("easy", "easy"))
    regularizer = built(Uncertainty(losses=("fast", "hard")), player)
    with pytest.raises(RecipeError, match="no loss of this step is called fast or hard; there are easy"):
        regularizer.loss_factors(player, {"easy": torch.zeros(())}, step=STEP)
    with pytest.raises(RecipeError, match="'generator' has no layer 'tail' with a kernel; it has trunk"):
        built(GradNorm(losses=("easy", "hard"), layer="tail"), player)
    with pytest.raises(RecipeError, match="there is no network 'critic'; there are generator"):
        built(GradNorm(losses=("easy", "hard"), network="critic"), player)
