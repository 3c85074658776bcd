import math

import pytest
import torch
from game import BATCH, Distance, Task, Wasserstein, model
from ganzoo_balance import ganzoo_register_regularizers

from ganzoo import AdversarialLoss, Comparison, LossTargets, Player, Step, WiredRegularizer
from ganzoo.testing import check_regularizer, judged

OFFERED = ganzoo_register_regularizers()
STEP = Step(number=0)
GENERATOR = Player(name="generator", networks={}, variables=())
DISCRIMINATOR = Player(name="discriminator", networks={}, variables=())
NAMES = sorted(OFFERED)


def made(name, **options):
    regularizer = OFFERED[name](**options)
    regularizer.build({}, {})
    return regularizer


def verdicts(real, fake):
    """What an update is given whose logits are these."""
    sides = (torch.tensor(logits)[:, None] for logits in (real, fake))
    return {"sample": judged(Comparison(lambda points: points, *sides))}


def settled(regularizer, real, fake, player=GENERATOR):
    """Show the regularizer these logits in two steps, after which they have arrived."""
    first = int(regularizer.state()["measured_step"].value) + 1
    for number in (first, first + 1):
        regularizer.after_update(player, verdicts(real, fake), step=Step(number=number))


def playing(regularizer):
    return tuple(player for player in ("discriminator", "generator") if regularizer.plays(player, step=STEP))


def test_a_discriminator_that_is_right_too_often_rests_until_it_is_not():
    regularizer = made("accuracy_limit")
    assert playing(regularizer) == ("discriminator", "generator")
    settled(regularizer, [1.0] * 5, [-1.0] * 4 + [1.0])
    assert regularizer.report()["accuracy"] == pytest.approx(0.9)
    assert playing(regularizer) == ("generator",)
    settled(regularizer, [1.0, 1.0, 1.0, -1.0, 1.0], [-1.0] * 4 + [1.0])
    assert playing(regularizer) == ("discriminator", "generator"), "0.8 is not above the limit"


def test_the_accuracy_arrives_one_step_later_and_is_state():
    regularizer = made("accuracy_limit")
    regularizer.after_update(GENERATOR, verdicts([1.0], [-1.0]), step=STEP)
    assert playing(regularizer) == ("discriminator", "generator")
    assert {name: float(variable.value) for name, variable in regularizer.state().items()} == {
        "accuracy/current": 0.0,
        "accuracy/pending": 1.0,
        "measured_step": 0,
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
    settled(regularizer, [-inverse_softplus(real)] * 3, [inverse_softplus(fake)] * 3)
    assert regularizer.report() == {"real": pytest.approx(real, rel=1e-5), "fake": pytest.approx(fake, rel=1e-5)}
    assert playing(regularizer) == players


@pytest.mark.parametrize("player", [DISCRIMINATOR, GENERATOR], ids=lambda player: player.name)
def test_a_step_in_which_one_player_rests_is_measured_in_the_update_of_the_other(player):
    regularizer = made("vae_gan_margins")
    settled(regularizer, [5.0], [-5.0], player=player)
    assert playing(regularizer) == ("generator",)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_in_which_both_players_move_is_measured_before_either_has(name):
    both, one = made(name), made(name)
    for number, logits in enumerate([1.0, -0.5, 2.0]):
        step = Step(number=number)
        one.after_update(DISCRIMINATOR, verdicts([logits], [-logits]), step=step)
        both.after_update(DISCRIMINATOR, verdicts([logits], [-logits]), step=step)
        both.after_update(GENERATOR, verdicts([-9.0], [9.0]), step=step)
    assert both.report() == one.report()


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_keep_the_contract_and_resume(name):
    check_regularizer(made(name))


# -- in a run ----------------------------------------------------------------------------------------------------------


def run(regularizer, *losses, steps, **options):
    trained = model(*losses, regularizers=[WiredRegularizer(key="mine", regularizer=regularizer)], **options)
    for _ in range(steps):
        trained.train_step(BATCH)
    return trained


def updates(trained):
    return {player: trained.turns.count(player) for player in ("discriminator", "generator")}


class Alternating(Task):
    """A game at even steps, a distance at odd ones."""

    exposes = LossTargets(comparisons=("sample",), pairs=("sample",))

    def offers(self, step):
        return LossTargets(comparisons=("sample",)) if step.number % 2 == 0 else LossTargets(pairs=("sample",))


@pytest.mark.parametrize("name", NAMES)
def test_steps_in_which_nothing_is_judged_are_trained_and_change_no_measurement(name):
    trained = run(OFFERED[name](), Wasserstein(), Distance(), steps=6, task=Alternating())
    assert trained.turns.count("generator") >= 3
    assert int(trained.state()["regularizers/mine/measured_step"].value) == 4


class Confident(AdversarialLoss):
    """Moves the logits of reals and fakes apart, without end."""

    def discriminator_loss(self, real_logits, fake_logits):
        return (fake_logits - real_logits).mean()

    def generator_loss(self, fake_logits):
        return 1e-3 * fake_logits.mean()


class Misled(Confident):
    """Teaches the discriminator the opposite."""

    def discriminator_loss(self, real_logits, fake_logits):
        return (real_logits - fake_logits).mean()


@pytest.mark.parametrize(
    ("name", "loss", "alone", "other"),
    [
        ("accuracy_limit", Confident(), "discriminator", "generator"),
        ("vae_gan_margins", Confident(), "discriminator", "generator"),
        ("vae_gan_margins", Misled(), "generator", "discriminator"),
    ],
)
def test_a_player_that_learns_alone_is_never_made_to_rest(name, loss, alone, other):
    phases, network_phases = [("game", 40), ("alone", 5)], {other: ["game"]}
    trained = run(OFFERED[name](), loss, steps=40, phases=phases, network_phases=network_phases, sgd=1.0)
    before = updates(trained)
    assert before[alone] < 40, "the rule must have made it rest"
    for _ in range(5):
        trained.train_step(BATCH)
    assert updates(trained) == {**before, alone: before[alone] + 5}


@pytest.mark.parametrize("name", NAMES)
def test_somebody_moves_in_every_step_and_every_step_is_measured(name):
    trained, before = run(OFFERED[name](), Confident(), steps=0, sgd=1.0), 0
    for step in range(40):
        trained.train_step(BATCH)
        moved = sum(updates(trained).values()) - before
        assert moved >= 1, f"nobody moved in step {step}"
        assert int(trained.state()["regularizers/mine/measured_step"].value) == step
        before += moved
    assert before < 80, "the rule must have acted"
