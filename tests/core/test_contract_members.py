"""What regularizers, tasks and architectures may say beyond the usual, on a toy game."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
import torch
from game import BATCH, Distance, Recorded, Task, Wasserstein, model, moved, weights
from points import POINT, dense_network

from ganzoo import (
    LOGITS,
    Comparison,
    Constant,
    Field,
    HostValue,
    LossTargets,
    NetworkSpec,
    PluginError,
    Regularizer,
    Signature,
    Staircase,
    WeightAverage,
    WiredLoss,
    WiredRegularizer,
    discriminator_model,
)
from ganzoo.runs.journal import is_loss


def wired(regularizer, **options):
    return WiredRegularizer(key="mine", regularizer=regularizer, **options)


def run(made, steps):
    return [made.train_step(BATCH) for _ in range(steps)]


# -- turns -------------------------------------------------------------------------------------------------------------


class Freeze(Regularizer):
    """Lets a player rest at some steps."""

    def __init__(self, player, steps):
        self.player, self.steps = player, steps

    def plays(self, player, *, step):
        return player != self.player or step.number not in self.steps


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_regularizer_can_skip_a_players_turn(player):
    made = model(Wasserstein(), regularizers=[wired(Freeze(player, {1}))])
    for number, expected in enumerate([True, False, True]):
        before = weights(made, player)
        made.train_step(BATCH)
        assert moved(made, player, before) is expected, f"step {number}"
    assert made.turns.count(player) == 2
    other = "generator" if player == "discriminator" else "discriminator"
    assert made.turns.count(other) == 3


def test_lazy_penalties_follow_the_updates_that_were_made_not_the_steps():
    recorded = Recorded()
    rest = WiredRegularizer(key="rest", regularizer=Freeze("discriminator", {1, 2}))
    made = model(Wasserstein(), regularizers=[rest, WiredRegularizer(key="lazy", regularizer=recorded, interval=2)])
    run(made, 6)
    assert sorted(recorded.calls) == [0, 4], "the third update of the discriminator is that of step 4"


def test_the_counts_of_updates_are_state():
    made = model(Wasserstein(), n_critic=3)
    run(made, 4)
    state = made.state()
    assert int(state["updates/discriminator"].value) == 4
    assert int(state["updates/generator"].value) == 1


class Scale(Regularizer):
    def __init__(self, factor):
        self.factor = factor

    def learning_rate_factor(self, player, *, step):
        return self.factor if player == "generator" else 1.0


@pytest.mark.parametrize("factor", [0.5, torch.tensor(0.5)], ids=["number", "tensor"])
def test_a_regularizer_can_scale_a_players_learning_rate(factor):
    rates = {("generator", ""): Constant(0.1), ("discriminator", ""): Constant(0.1)}
    plain = model(Wasserstein(), learning_rates=rates)
    halved = model(Wasserstein(), learning_rates=rates, regularizers=[wired(Scale(factor))])
    start = weights(plain, "generator")
    run(plain, 1)
    run(halved, 1)
    for before, one, other in zip(start, weights(plain, "generator"), weights(halved, "generator"), strict=True):
        assert np.allclose(other - before, (one - before) / 2, atol=1e-6)
    assert all(map(np.array_equal, weights(plain, "discriminator"), weights(halved, "discriminator")))


def test_a_host_value_is_read_one_update_after_it_was_pushed_and_survives_a_resume():
    value = HostValue(0.25)
    value.push(torch.tensor(1.0))
    assert value.value == 0.25
    value.push(torch.tensor(2.0))
    assert value.value == 1.0
    fresh = HostValue()
    for name, variable in fresh.state().items():
        variable.assign(value.state()[name].value)
    assert fresh.value == 1.0
    fresh.push(torch.tensor(3.0))
    assert fresh.value == 2.0


# -- losses ------------------------------------------------------------------------------------------------------------


class ByGradients(Regularizer):
    """Weighs the adversarial loss by the ratio of both losses' gradients at one layer (VQGAN, arXiv 2012.09841)."""

    def __init__(self, layer):
        self.layer = layer

    def loss_factors(self, player, losses, *, step):
        if player.name == "discriminator":
            return {}
        kernel = player.networks["generator"].get_layer(self.layer).kernel.value
        norm = {key: torch.autograd.grad(value, kernel, retain_graph=True)[0].norm() for key, value in losses.items()}
        return {"adversarial": norm["distance"] / (norm["adversarial"] + 1e-4)}


def test_a_loss_can_be_weighed_by_gradients_with_respect_to_a_named_weight():
    losses = [WiredLoss(key="adversarial", loss=Wasserstein()), WiredLoss(key="distance", loss=Distance())]
    plain = model(*losses)
    layer = next(each.name for each in plain.networks["generator"].layers if each.name.endswith("_head"))
    balanced = model(*losses, regularizers=[wired(ByGradients(layer))])
    logs = {name: float(value) for name, value in balanced.train_step(BATCH).items()}
    factor = (logs["generator/total"] - logs["generator/distance"]) / logs["generator/adversarial"]
    assert factor > 0
    assert factor != pytest.approx(1.0, rel=1e-3)
    assert "discriminator/adversarial" in logs


class Unknown(Regularizer):
    def loss_factors(self, player, losses, *, step):
        return {"gon": 2.0}


def test_a_factor_for_a_loss_that_there_is_not_is_refused_with_the_component():
    made = model(Wasserstein(), regularizers=[wired(Unknown())])
    with pytest.raises(PluginError, match=r"regularizer 'mine' of .*step 1: loss_factors\(\) names \['gon'\]"):
        made.train_step(BATCH)


def test_adversarial_losses_keep_their_ratio_on_the_discriminators_side_and_the_largest_counts_one():
    losses = [
        WiredLoss(key="strong", loss=Wasserstein(), weight=Constant(0.01)),
        WiredLoss(key="weak", loss=Wasserstein(), weight=Constant(0.002)),
    ]
    logs = {name: float(value) for name, value in model(*losses).train_step(BATCH).items()}
    assert logs["discriminator/total"] == pytest.approx(
        logs["discriminator/strong"] + 0.2 * logs["discriminator/weak"], rel=1e-5
    )
    assert logs["generator/total"] == pytest.approx(
        0.01 * logs["generator/strong"] + 0.002 * logs["generator/weak"], rel=1e-5
    )


def test_an_adversarial_weight_may_rise_from_nothing_while_the_discriminator_learns_already():
    rising = WiredLoss(key="gan", loss=Wasserstein(), weight=Staircase(values=(0.0, 1.0), at=(1,)))
    made = model(rising, WiredLoss(key="distance", loss=Distance()))
    before = weights(made, "discriminator")
    logs = {name: float(value) for name, value in made.train_step(BATCH).items()}
    assert logs["generator/total"] == pytest.approx(logs["generator/distance"])
    assert moved(made, "discriminator", before)


# -- what the discriminator says ---------------------------------------------------------------------------------------


class Matching(Regularizer):
    """Feature matching (Salimans 2016) on what the discriminator said anyway."""

    def discriminator_signature(self, signature):
        return signature.with_outputs(features=Field(shape=(None,)))

    def generator_penalty(self, fakes, judged, *, step, rng):
        verdict = judged["sample"]
        return (verdict.real["features"].mean(0) - verdict.fake["features"].mean(0)).square().mean()


class Counting(Task):
    """Counts the samples in each call of the discriminator; asks it for features."""

    def __init__(self):
        self.sizes = []

    def networks(self, fields, fitted):
        generator, discriminator = super().networks(fields, fitted)
        signature = discriminator.signature.with_outputs(features=Field(shape=(8,)))
        return generator, replace(discriminator, signature=signature)

    def compare(self, view):
        def judge(points):
            self.sizes.append(len(points))
            return view.networks["discriminator"](points)

        return {"sample": Comparison(judge, view.batch["point"], view.fakes["sample"])}


def test_a_penalty_uses_what_the_discriminator_said_without_another_call():
    made = model(Wasserstein(), task=Counting(), regularizers=[wired(Matching())])
    made.prepare(BATCH)
    made.task.sizes.clear()
    logs = made.train_step(BATCH)
    assert "generator/mine" in logs
    assert made.task.sizes == [8, 8, 8, 8], "twice for each player: real features are needed by the generator too"


class OfLatents(Regularizer):
    """Keeps what each penalty is told of the fakes."""

    def discriminator_penalty(self, judged, *, step, rng):
        self.told = judged.fakes
        return judged.fake["logits"].square().mean()

    def generator_penalty(self, fakes, judged, *, step, rng):
        self.made, self.judged = fakes, judged["sample"].fakes
        return fakes["sample"].square().mean()


def test_every_penalty_finds_the_latents_of_the_fakes_that_are_judged():
    regularizer = OfLatents()
    run(model(Wasserstein(), regularizers=[wired(regularizer)]), 1)
    assert set(regularizer.told) == {"latent", "sample"}
    assert not regularizer.told["sample"].requires_grad
    assert all(torch.equal(regularizer.told[name], regularizer.made[name]) for name in regularizer.made)
    assert regularizer.judged is regularizer.made
    assert regularizer.made["sample"].requires_grad


class Maps(Task):
    """A discriminator of two scales, each with a map of logits and a list of features (as HiFi-GAN has them)."""

    def compare(self, view):
        def judge(points):
            logits = view.networks["discriminator"](points)
            return {"logits": [logits, 2 * logits.expand(-1, 3)[..., None]], "features": [[points], [points, points]]}

        return {
            "sample": Comparison(judge, view.batch["point"], view.fakes["sample"], one_batch=True),
        }


class ListMatching(Regularizer):
    def generator_penalty(self, fakes, judged, *, step, rng):
        real, fake = judged["sample"].real["features"], judged["sample"].fake["features"]
        assert [len(scale) for scale in real] == [1, 2]
        assert all(len(one) == 8 for scale in fake for one in scale)
        return sum((a - b).abs().mean() for x, y in zip(real, fake, strict=True) for a, b in zip(x, y, strict=True))


def test_logits_may_be_a_list_of_maps_and_features_lists_in_one_batch_too():
    made = model(Wasserstein(), task=Maps(), regularizers=[wired(ListMatching())])
    logs = made.train_step(BATCH)
    single = model(Wasserstein()).train_step(BATCH)
    assert float(logs["discriminator/loss0"]) == pytest.approx(3 * float(single["discriminator/loss0"]), rel=1e-5)


class OwnJudge(Task):
    """Fakes are judged under another condition than reals."""

    def compare(self, view):
        def judge(shift):
            return lambda points: view.networks["discriminator"](points + shift)

        return {
            "sample": Comparison(
                judge(0.0), view.batch["point"], view.fakes["sample"], fake_judge=judge(5.0), one_batch=True
            )
        }


def test_fakes_may_have_a_judge_of_their_own():
    logs = model(Wasserstein(), task=OwnJudge()).train_step(BATCH)
    same = model(Wasserstein()).train_step(BATCH)
    assert float(logs["discriminator/loss0"]) != pytest.approx(float(same["discriminator/loss0"]))


def test_a_discriminator_gives_any_layer_by_name_and_a_projection():
    image = keras.Input((8, 8, 3), name="image")
    label = keras.Input((4,), name="label")
    values = keras.layers.Conv2D(4, 3, name="first")(image)
    features = keras.layers.Flatten()(values)
    projected = keras.layers.Dot(axes=1)([features, keras.layers.Dense(features.shape[-1])(label)])
    signature = Signature(
        inputs={"image": Field(shape=(8, 8, 3)), "label": Field(shape=(4,))},
        outputs={"logits": LOGITS, "features/first": Field(shape=(None, None, 4)), "features": Field(shape=(None,))},
    )
    inputs = {"image": image, "label": label}
    made = discriminator_model(inputs, features, signature, add_to_logits=projected)
    found = made({"image": torch.zeros(2, 8, 8, 3), "label": torch.eye(4)[:2]})
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "logits": (2, 1),
        "features/first": (2, 6, 6, 4),
        "features": (2, 144),
    }
    wrong = replace(signature, outputs={"features/frist": Field(shape=(...,))})
    with pytest.raises(ValueError, match=r"has no layer 'frist' \(did you mean 'first'\?\)"):
        discriminator_model(inputs, features, wrong)


def test_a_map_of_logits_is_what_a_task_may_ask_for_without_knowing_its_size():
    assert LOGITS.accepts((1,))
    assert LOGITS.accepts((6, 6, 1))
    assert LOGITS.accepts((None, None, 1))
    assert not LOGITS.accepts((6, 6, 3))
    assert str(LOGITS) == "...x1 float32"


# -- what a task offers ------------------------------------------------------------------------------------------------


class Alternating(Task):
    """Two jobs in turn: an adversarial game at even steps, a distance at odd ones."""

    exposes = LossTargets(comparisons=("sample",), pairs=("sample",))

    def offers(self, step):
        return LossTargets(comparisons=("sample",)) if step.number % 2 == 0 else LossTargets(pairs=("sample",))


def test_losses_on_what_a_step_does_not_offer_are_left_out():
    made = model(Wasserstein(), Distance(), task=Alternating())
    even, odd = run(made, 2)
    assert {name for name in even if is_loss(name)} == {"discriminator/loss0", "generator/loss0"}
    assert {name for name in odd if is_loss(name)} == {"generator/loss1"}
    assert not [name for name in odd if name.startswith("logits/")]
    assert made.turns.count("discriminator") == 1


class Forgetful(Task):
    def compare(self, view):
        return {}


def test_a_task_that_offers_a_comparison_and_makes_none_is_named():
    expected = r"task of .*step 1: compare\(\) returned \[\], expected the comparisons \['sample'\]"
    with pytest.raises(PluginError, match=expected):
        model(Wasserstein(), task=Forgetful()).train_step(BATCH)


class LateComparison(Task):
    exposes = LossTargets(comparisons=("sample", "other"), pairs=("sample",))

    def offers(self, step):
        name = "sample" if step.phase == "first" else "other"
        return LossTargets(comparisons=(name,), pairs=("sample",))

    def compare(self, view):
        [name] = self.offers(view.step).comparisons
        return {name: Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["sample"])}


class Seen(Regularizer):
    def build(self, players, comparisons):
        self.names = sorted(comparisons)

    def discriminator_penalty(self, judged, *, step, rng):
        return judged.real["logits"].square().mean()


def test_a_regularizer_is_built_from_each_comparison_that_it_will_see_in_any_phase():
    all_of_them, one = Seen(), Seen()
    made = model(
        Wasserstein(),
        task=LateComparison(),
        phases=[("first", 2), ("second", 2)],
        regularizers=[
            WiredRegularizer(key="all", regularizer=all_of_them),
            WiredRegularizer(key="one", regularizer=one, on="other"),
        ],
    )
    logs = run(made, 4)
    assert all_of_them.names == ["other", "sample"]
    assert one.names == ["other"]
    assert "discriminator/one" not in logs[1]
    assert "discriminator/one" in logs[2]


# -- products, optimizers, phases of networks --------------------------------------------------------------------------


class Classifier(Task):
    """The discriminator is what the training is for."""

    def networks(self, fields, fitted):
        generator, discriminator = super().networks(fields, fitted)
        return replace(generator, product=False), replace(discriminator, product=True)


def test_the_average_follows_the_products_whichever_side_they_are_on():
    specs = Classifier().networks({}, {})
    copy = dense_network(specs[1].signature)
    average = WeightAverage({"discriminator": copy}, decay=0.5, ramp_up=False)
    made = model(Wasserstein(), task=Classifier(), n_critic=5, average=average)
    made.prepare(BATCH)
    start = [variable.value.clone() for variable in copy.trainable_weights]
    made.train_step(BATCH)
    for before, mean, live in zip(
        start, copy.trainable_weights, made.networks["discriminator"].trainable_weights, strict=True
    ):
        assert torch.allclose(mean.value, 0.5 * (before + live.value), atol=1e-6)


class TwoStages(Task):
    """A second network refines what the first makes."""

    def networks(self, fields, fitted):
        generator, discriminator = super().networks(fields, fitted)
        inputs = {"point": POINT}
        refine = NetworkSpec(
            name="refine", role="generator", player="generator", signature=Signature(inputs=inputs, outputs=inputs)
        )
        return generator, refine, discriminator

    def generate(self, view):
        fakes = super().generate(view)
        return {**fakes, "sample": view.networks["refine"](fakes["sample"])}


def test_a_network_can_be_frozen_in_a_phase():
    phases = [("first", 1), ("second", 1)]
    frozen = {"generator": {"first"}, "refine": {"second"}}
    made = model(Wasserstein(), task=TwoStages(), phases=phases, network_phases=frozen)
    for moving, resting in (("generator", "refine"), ("refine", "generator")):
        before = {name: weights(made, name) for name in (moving, resting)}
        made.train_step(BATCH)
        assert moved(made, moving, before[moving])
        assert not moved(made, resting, before[resting])


def test_a_network_can_have_an_optimizer_of_its_own():
    optimizers = {
        "generator": keras.optimizers.SGD(0.1),
        "refine": keras.optimizers.SGD(0.0),
        "discriminator": keras.optimizers.Adam(1e-3),
    }
    made = model(Wasserstein(), task=TwoStages())
    made.compile(
        losses=[WiredLoss(key="gan", loss=Wasserstein())],
        optimizers=optimizers,
        phases=[("train", 10)],
        learning_rates={("refine", ""): Staircase(values=(0.0, 0.2), at=(1,))},
    )
    for expected in (False, True):
        before = {name: weights(made, name) for name in ("generator", "refine")}
        made.train_step(BATCH)
        assert moved(made, "generator", before["generator"])
        assert moved(made, "refine", before["refine"]) is expected
    assert {name.split("/")[1] for name in made.state() if name.startswith("optimizers/")} == set(optimizers)


def test_optimizers_forget_their_momenta_where_a_phase_says_so():
    def momenta(made):
        return [variable.value.clone() for variable in made.optimizer_groups["generator"].variables]

    options = {"phases": [("first", 2), ("second", 2)], "reset_optimizers": ("second",)}
    made = model(Wasserstein(), sgd=0.1, **options)
    optimizer = keras.optimizers.Adam(1e-3)
    made.compile(
        losses=[WiredLoss(key="gan", loss=Wasserstein())],
        optimizers={"generator": optimizer, "discriminator": keras.optimizers.Adam(1e-3)},
        **options,
    )
    run(made, 2)
    assert int(optimizer.iterations.value) == 2
    made.train_step(BATCH)
    assert int(optimizer.iterations.value) == 1


# -- numbers for the log -----------------------------------------------------------------------------------------------


class Reporting(Regularizer):
    def after_update(self, player, judged, *, step):
        self.last = judged["sample"].fake["logits"].mean()

    def report(self):
        return {"fake_logits": self.last, "strength": 0.5}


def test_components_report_numbers_of_their_own():
    made = model(Wasserstein(), regularizers=[wired(Reporting())])
    made.train_step(BATCH)
    found = made.report()
    assert set(found) == {"regularizers/mine/fake_logits", "regularizers/mine/strength"}
    assert np.isfinite(float(found["regularizers/mine/fake_logits"]))


def test_what_a_component_raises_names_it_its_plugin_and_the_step():
    class Broken(Regularizer):
        def plays(self, player, *, step):
            raise KeyError("boom")

    made = model(Wasserstein(), regularizers=[wired(Broken())])
    with pytest.raises(PluginError, match=r"regularizer 'mine' of .*, step 1: KeyError: 'boom'"):
        made.train_step(BATCH)
