import math

import pytest
import torch
from ganzoo_balance import ganzoo_register_regularizers

from ganzoo import Comparison, Player, Step
from ganzoo.testing import judged

OFFERED = ganzoo_register_regularizers()
STEP = Step(number=0)


def made(name, **options):
    regularizer = OFFERED[name](**options)
    regularizer.build({}, {})
    return regularizer


def update(regularizer, real, fake, player="generator", times=2):
    """Show the regularizer these logits often enough for them to arrive."""
    sides = (torch.tensor(logits)[:, None] for logits in (real, fake))
    verdicts = {"sample": judged(Comparison(lambda points: points, *sides))}
    for _ in range(times):
        regularizer.after_update(Player(name=player, networks={}, variables=()), verdicts, step=STEP)


def playing(regularizer):
    return tuple(player for player in ("discriminator", "generator") if regularizer.plays(player, step=STEP))


def test_a_discriminator_that_is_right_too_often_rests_until_it_is_not():
    regularizer = made("accuracy_limit")
    assert playing(regularizer) == ("discriminator", "generator")
    update(regularizer, [1.0] * 5, [-1.0] * 4 + [1.0])
    assert regularizer.report()["accuracy"] == pytest.approx(0.9)
    assert playing(regularizer) == ("generator",)
    update(regularizer, [1.0, 1.0, 1.0, -1.0, 1.0], [-1.0] * 4 + [1.0])
    assert playing(regularizer) == ("discriminator", "generator"), "0.8 is not above the limit"


def test_the_accuracy_arrives_one_update_later_and_is_state():
    regularizer = made("accuracy_limit")
    update(regularizer, [1.0], [-1.0], times=1)
    assert playing(regularizer) == ("discriminator", "generator")
    assert {name: float(variable.value) for name, variable in regularizer.state().items()} == {
        "current": 0.0,
        "pending": 1.0,
    }


def inverse_softplus(cost):
    return math.log(math.expm1(cost))


@pytest.mark.parametrize(
    ("real", "fake", "players"),
    [
        (0.68, 0.68, ("discriminator", "generator")),
        (0.34, 1.02, ("discriminator", "generator")),
        (0.32, 0.68, ("generator",)),
        (0.68, 0.32, ("generator",)),
        (0.68, 1.04, ("discriminator",)),
        (1.04, 0.68, ("discriminator",)),
        (0.32, 1.04, ("discriminator", "generator")),
    ],
)
def test_who_is_too_far_ahead_rests_by_the_margins_of_the_authors(real, fake, players):
    regularizer = made("vae_gan_margins")
    update(regularizer, [-inverse_softplus(real)] * 3, [inverse_softplus(fake)] * 3)
    assert regularizer.report() == {"real": pytest.approx(real, rel=1e-5), "fake": pytest.approx(fake, rel=1e-5)}
    assert playing(regularizer) == players


def test_the_margins_follow_updates_of_either_player():
    regularizer = made("vae_gan_margins")
    update(regularizer, [5.0], [-5.0], player="discriminator")
    assert playing(regularizer) == ("generator",)
    assert len(regularizer.state()) == 4
