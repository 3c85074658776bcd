"""How the one model plays the game."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from game import BATCH, Distance, Recorded, Task, Wasserstein, model, moved, weights
from points import dense_network, head

from ganzoo import (
    Comparison,
    Constant,
    LossTargets,
    PairLoss,
    PluginError,
    Ramp,
    Regularizer,
    RelativisticLoss,
    Staircase,
    WeightAverage,
    WiredLoss,
    WiredRegularizer,
    load_zoo,
)
from ganzoo.runs.journal import is_loss
from ganzoo.training.judging import LazyVerdict, mean_logits


class OneCall(Task):
    """Lets real and fake be judged in one batch, and counts the calls."""

    def __init__(self, together):
        self.together = together
        self.sizes = []

    def compare(self, view):
        def judge(points):
            self.sizes.append(len(points))
            return view.networks["discriminator"](points, training=view.training)

        return {"sample": Comparison(judge, view.batch["point"], view.fakes["sample"], one_batch=self.together)}


def test_real_and_fake_are_judged_in_one_batch_where_the_task_lets_them():
    made = {together: model(Wasserstein(), task=OneCall(together)) for together in (True, False)}
    for each in made.values():
        each.prepare(BATCH)
        each.task.sizes.clear()
        each.train_step(BATCH)
    assert made[True].task.sizes == [16, 8]
    assert made[False].task.sizes == [8, 8, 8]
    for name in ("generator", "discriminator"):
        for one, other in zip(weights(made[True], name), weights(made[False], name), strict=True):
            assert np.allclose(one, other, atol=1e-6)


class OwnTerm(OneCall):
    """Has the loss of both sides as a term of its own."""

    exposes = LossTargets(comparisons=("sample",), terms={"apart": ("discriminator",)})

    def term(self, name, player, view):
        judged = view.judged["sample"]
        return judged.fake["logits"].mean() - judged.real["logits"].mean()


def test_a_term_of_the_task_finds_both_sides_judged_in_one_batch():
    made = {together: model(WiredLoss(key="apart", term="apart"), task=OwnTerm(together)) for together in (True, False)}
    for each in made.values():
        each.prepare(BATCH)
        each.task.sizes.clear()
        each.train_step(BATCH)
    assert made[True].task.sizes == [16]
    assert sorted(made[False].task.sizes) == [8, 8]
    for one, other in zip(weights(made[True], "discriminator"), weights(made[False], "discriminator"), strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_a_discriminator_that_mixes_examples_sees_real_and_fake_one_after_the_other():
    def mixing(signature):
        network = dense_network(signature)
        points = keras.Input(network.input_shape[1:])
        return keras.Model(points, network(keras.layers.BatchNormalization()(points)))

    made = model(Wasserstein(), task=OneCall(True), build=mixing)
    made.prepare(BATCH)
    made.task.sizes.clear()
    made.train_step(BATCH)
    assert made.task.sizes == [8, 8, 8]


def test_n_critic_counts_discriminator_updates_for_each_generator_update():
    made = model(Wasserstein(), n_critic=3)
    turns = [any(key.startswith("generator/") for key in made.train_step(BATCH)) for _ in range(7)]
    assert turns == [False, False, True, False, False, True, False]


def test_either_player_can_be_updated_first_on_the_same_fakes():
    made = {first: model(Wasserstein(), first=first) for first in ("discriminator", "generator")}
    alone = model(Wasserstein(), n_critic=2)
    unmoved = model(Wasserstein(), network_phases={"discriminator": ["another"]})
    for each in (*made.values(), alone, unmoved):
        each.train_step(BATCH)
    assert not moved(alone, "discriminator", weights(made["generator"], "discriminator"))
    assert not moved(alone, "discriminator", weights(made["discriminator"], "discriminator"))
    assert moved(made["generator"], "generator", weights(made["discriminator"], "generator"))
    assert not moved(made["generator"], "generator", weights(unmoved, "generator"))


def test_n_critic_can_change_with_the_step():
    made = model(Wasserstein(), n_critic=Staircase(values=(4.0, 1.0), at=(4,)))
    turns = [any(key.startswith("generator/") for key in made.train_step(BATCH)) for _ in range(6)]
    assert turns == [False, False, False, True, True, True]


def generator_steps(made, steps):
    return [step for step in range(steps) if any(key.startswith("generator/") for key in made.train_step(BATCH))]


def test_the_generators_turn_is_counted_from_its_last_one_when_n_critic_changes():
    made = model(Wasserstein(), n_critic=Staircase(values=(3.0, 2.0), at=(4,)))
    assert generator_steps(made, 9) == [2, 4, 6, 8]


def test_the_bursts_of_wgan_end_where_the_generator_has_its_turn():
    schedule = load_zoo().find("schedule", "wgan_bursts")(usual=2, burst=4, first=2, every=3)
    # updates 0 and 1 after 4 steps each, 2 after 2, 3 after 4 (each third), 4 and 5 after 2, 6 after 4
    assert generator_steps(model(Wasserstein(), n_critic=schedule), 23) == [3, 7, 9, 13, 15, 17, 21]


def test_a_wait_for_the_generator_is_state():
    made, other = (model(Wasserstein(), n_critic=3) for _ in range(2))
    generator_steps(made, 2)
    other.prepare(BATCH)
    other.restore({name: variable.value for name, variable in made.state().items()}, 2)
    assert generator_steps(other, 2) == [0]


def test_a_phase_without_adversarial_loss_leaves_the_discriminator_alone():
    content = WiredLoss(key="content", loss=Distance(), phases=frozenset({"content"}))
    gan = WiredLoss(key="gan", loss=Wasserstein(), phases=frozenset({"gan"}))
    made = model(content, gan, phases=[("content", 2), ("gan", 2)])
    before = weights(made, "discriminator")
    logs = [made.train_step(BATCH) for _ in range(2)]
    assert not moved(made, "discriminator", before)
    measured = {"gradient_norm/generator", "learning_rate/generator"}
    assert all(set(found) == {"generator/content", "generator/total", *measured} for found in logs)
    assert "discriminator/gan" in made.train_step(BATCH)
    assert moved(made, "discriminator", before)


def test_each_player_moves_its_own_weights_only():
    made = model(Wasserstein(), n_critic=2)
    generator, discriminator = weights(made, "generator"), weights(made, "discriminator")
    made.train_step(BATCH)
    assert not moved(made, "generator", generator)
    assert moved(made, "discriminator", discriminator)
    assert all(variable.value.requires_grad for variable in made.networks["discriminator"].trainable_variables)


def test_the_update_is_the_gradient_of_the_weighted_losses():
    weight = Constant(0.5)
    made = model(WiredLoss(key="content", loss=Distance(), weight=weight), sgd=1.0)
    made.prepare(BATCH)
    made._enter(made.timeline.at(0))
    view = made._view(BATCH, made.timeline.at(0))
    variables = [variable.value for variable in made.networks["generator"].trainable_variables]
    loss = 0.5 * (made.task.generate(view)["sample"] - BATCH["point"]).square().mean()
    wanted = [v.detach() - g for v, g in zip(variables, torch.autograd.grad(loss, variables), strict=True)]
    made.train_step(BATCH)
    assert all(torch.allclose(new, old.detach(), atol=1e-7) for new, old in zip(wanted, variables, strict=True))


def test_an_adversarial_loss_is_weighted_for_the_generator_and_counts_whole_for_the_discriminator():
    made = model(WiredLoss(key="gan", loss=Wasserstein(), weight=Constant(1e-3)))
    logs = {key: float(value) for key, value in made.train_step(BATCH).items()}
    assert logs["discriminator/total"] == pytest.approx(logs["discriminator/gan"])
    assert logs["generator/total"] == pytest.approx(1e-3 * logs["generator/gan"])


def test_the_gradient_of_each_player_is_clipped_to_the_norm():
    made = model(Distance(), sgd=1.0, clip_norm=1e-3)
    made.prepare(BATCH)
    before = weights(made, "generator")
    made.train_step(BATCH)
    change = [new - old for old, new in zip(before, weights(made, "generator"), strict=True)]
    assert np.sqrt(sum((part**2).sum() for part in change)) == pytest.approx(1e-3, rel=1e-3)


def test_a_lazy_penalty_is_computed_at_its_interval_and_counts_so_many_times():
    recorded = Recorded()
    wired = WiredRegularizer(key="lazy", regularizer=recorded, interval=3, weight=Constant(2.0))
    made = model(Wasserstein(), regularizers=[wired])
    logs = [made.train_step(BATCH) for _ in range(7)]
    assert sorted(recorded.calls) == [0, 3, 6]
    found = {name: float(value) for name, value in logs[3].items()}
    assert found["discriminator/total"] == pytest.approx(
        found["discriminator/loss0"] + 3 * 2 * found["discriminator/lazy"]
    )


def test_weights_and_rates_follow_their_schedules_and_phases():
    made = model(
        Distance(),
        phases=[("first", 2), ("second", 4)],
        learning_rates={
            ("generator", ""): Constant(0.5),
            ("generator", "second"): Ramp(start=0.2, end=0.0, steps=2),
        },
    )
    rates = []
    for _ in range(5):
        made.train_step(BATCH)
        rates.append(float(made.optimizer_groups["generator"].optimizers["generator"].learning_rate.value))
    assert rates == pytest.approx([0.5, 0.5, 0.2, 0.1, 0.0])


def with_batch_normalization(signature):
    inputs = keras.Input(next(iter(signature.inputs.values())).shape)
    values = keras.layers.BatchNormalization(momentum=0.5)(keras.layers.Dense(4)(inputs))
    return keras.Model(inputs, head(values, *next(iter(signature.outputs.items()))))


def test_averaged_weights_are_the_average_and_batch_statistics_are_copied():
    copy = with_batch_normalization(Task().networks({}, {})[0].signature)
    average = WeightAverage({"generator": copy}, decay=0.75, ramp_up=False)
    made = model(Distance(), build=with_batch_normalization, average=average)
    made.prepare(BATCH)
    kernel = made.networks["generator"].trainable_weights[0]
    start = kernel.value.detach().clone()
    made.train_step(BATCH)
    assert torch.allclose(copy.trainable_weights[0].value, 0.75 * start + 0.25 * kernel.value, atol=1e-7)
    live = [variable.value for variable in made.networks["generator"].non_trainable_weights]
    assert all(torch.equal(a.value, b) for a, b in zip(copy.non_trainable_weights, live, strict=True))
    assert float(live[0].abs().sum()) > 0


def test_the_average_is_the_newest_weights_until_it_begins():
    copy = dense_network(Task().networks({}, {})[0].signature)
    average = WeightAverage({"generator": copy}, decay=0.75, ramp_up=False, start=2)
    made = model(Distance(), average=average)
    made.prepare(BATCH)
    mine, live = (network.trainable_weights[0].value for network in (copy, made.networks["generator"]))
    for _ in range(2):
        made.train_step(BATCH)
        assert torch.equal(mine, live)
    before = live.detach().clone()
    made.train_step(BATCH)
    assert torch.allclose(mine, 0.75 * before + 0.25 * live, atol=1e-7)


def test_the_average_forgets_its_start_soon_when_it_ramps_up():
    copy = dense_network(Task().networks({}, {})[0].signature)
    average = WeightAverage({"generator": copy}, decay=0.999, ramp_up=True)
    made = model(Distance(), average=average)
    made.prepare(BATCH)
    start = made.networks["generator"].trainable_weights[0].value.detach().clone()
    made.train_step(BATCH)
    live = made.networks["generator"].trainable_weights[0].value
    assert torch.allclose(copy.trainable_weights[0].value, 0.1 * start + 0.9 * live, atol=1e-6)


def test_the_generator_sees_no_real_logits_unless_the_loss_is_relativistic():
    class Difference(RelativisticLoss):
        def discriminator_loss(self, real_logits, fake_logits):
            return (fake_logits - real_logits).mean()

        def generator_loss(self, real_logits, fake_logits):
            assert not real_logits.requires_grad
            return (real_logits - fake_logits).mean()

    made = model(Difference())
    assert "generator/loss0" in made.train_step(BATCH)


def test_a_loss_that_is_no_scalar_is_refused_with_its_name():
    class Vector(PairLoss):
        def __call__(self, output, target):
            return output - target

    with pytest.raises(PluginError, match=r"'loss0' .*, step 1: must return a scalar tensor, received \(8, 2\)"):
        model(Vector()).train_step(BATCH)


def test_a_loss_that_does_not_reach_the_weights_is_refused():
    class Elsewhere(PairLoss):
        def __call__(self, output, target):
            return target.mean()

    with pytest.raises(PluginError, match=r"generator's losses .* do not depend on its weights"):
        model(Elsewhere()).train_step(BATCH)


def test_another_component_does_not_move_the_latents():
    class Noise(Regularizer):
        def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
            return images + rng.normal(tuple(images.shape))

    seen = []
    for regularizers in ([], [WiredRegularizer(key="noise", regularizer=Noise())]):
        made = model(Wasserstein(), regularizers=regularizers)
        made.prepare(BATCH)
        seen.append(made._generate(made._begin_step(BATCH), with_gradient=False)["latent"])
    assert torch.equal(*seen)


def test_layers_with_noise_of_their_own_repeat_with_the_step():
    def with_dropout(signature):
        inputs = keras.Input(next(iter(signature.inputs.values())).shape)
        values = keras.layers.Dropout(0.5)(keras.layers.Dense(16)(inputs))
        return keras.Model(inputs, head(values, *next(iter(signature.outputs.items()))))

    one, other = (model(Wasserstein(), build=with_dropout) for _ in range(2))
    keras.random.normal((3,))
    logs = [[{k: float(v) for k, v in made.train_step(BATCH).items()} for _ in range(3)] for made in (one, other)]
    assert logs[0] == logs[1]
    assert logs[0][0] != logs[0][1]


def test_fit_trains_with_keras_callbacks():
    made = model(Wasserstein())
    dataset = [BATCH] * 6
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs)))
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, shuffle=False)
    made.fit(loader, epochs=2, verbose=0, shuffle=False, callbacks=[callback])
    assert made.step_number == 12
    assert {name for name in seen[0] if is_loss(name)} == {"discriminator/loss0", "generator/loss0"}
    assert {name for name in seen[0] if not is_loss(name)} == {*MEASURED, "discriminator/total", "generator/total"}


#: What an update of both players measures.
MEASURED = {
    "logits/sample/real",
    "logits/sample/fake",
    *(f"{what}/{player}" for what in ("gradient_norm", "learning_rate") for player in ("generator", "discriminator")),
}


@pytest.mark.parametrize("together", [True, False])
def test_a_step_logs_the_mean_logits_of_the_discriminators_update_before_it_is_made(together):
    made = model(Wasserstein(), task=OneCall(together))
    made.prepare(BATCH)
    real = float(made.networks["discriminator"](BATCH["point"]).detach().mean())
    logs = made.train_step(BATCH)
    assert float(logs["logits/sample/real"]) == pytest.approx(real, abs=1e-6)
    difference = logs["logits/sample/fake"] - logs["logits/sample/real"]
    assert float(difference) == pytest.approx(float(logs["discriminator/loss0"]), abs=1e-6)


def test_a_step_logs_the_norm_of_each_gradient_before_it_is_clipped_and_the_rates_in_force():
    free, clipped = model(Wasserstein()), model(Wasserstein(), clip_norm=1e-3)
    before = weights(clipped, "generator")
    wanted, found = free.train_step(BATCH), clipped.train_step(BATCH)
    key = "gradient_norm/discriminator"  # the generator of one has met another discriminator by then
    assert float(found[key]) == pytest.approx(float(wanted[key]))
    rate = float(found["learning_rate/generator"])
    assert rate == pytest.approx(0.1)
    moves = [new - old for new, old in zip(weights(clipped, "generator"), before, strict=True)]
    assert np.sqrt(sum((move**2).sum() for move in moves)) == pytest.approx(rate * 1e-3, rel=1e-3)
    assert float(found["gradient_norm/generator"]) > 1e-3


def test_the_rate_that_is_logged_is_that_of_its_step():
    made = model(Wasserstein(), learning_rates={("generator", ""): Ramp(start=1.0, end=0.0, steps=4)})
    logs = [made.train_step(BATCH) for _ in range(3)]
    assert [float(each["learning_rate/generator"]) for each in logs] == [1.0, 0.75, 0.5]
    assert [float(each["learning_rate/discriminator"]) for each in logs] == pytest.approx([0.1] * 3)


def test_every_map_of_logits_counts_the_same_in_the_mean():
    verdict = LazyVerdict(lambda: Comparison(lambda x: [x, x[:2] * 3], torch.ones(4, 1), torch.zeros(4, 1)), fakes={})
    assert mean_logits({"both": verdict}) == {}, "nothing is judged for the log alone"
    _ = verdict.real
    assert {name: float(value) for name, value in mean_logits({"both": verdict}).items()} == {"both/real": 2.0}
