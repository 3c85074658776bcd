"""Optimizers and schedules of plugins, and settings of single networks and phases."""

from __future__ import annotations

import json
import re
from itertools import islice

import numpy as np
import pytest
import unpaired
from game import BATCH, Distance, Wasserstein, moved, weights
from game import model as game_model
from packages import install
from tiny_runs import assert_same, journal, last_state, tiny

from ganzoo import (
    Constant,
    PluginError,
    Ramp,
    RecipeError,
    Schedule,
    WiredLoss,
    assemble,
    batches,
    build_model,
    images,
    load_recipe,
    load_zoo,
    open_data,
)
from ganzoo.training.trainer import Trainer

LION = '''
from dataclasses import dataclass

import ganzoo

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Lion(ganzoo.Optimizer):
    """Steps by the sign of the momentum (arXiv 2302.06675)."""

    beta_1: float = 0.9
    beta_2: float = 0.99

    def build(self, learning_rate):
        import keras

        class Steps(keras.optimizers.Optimizer):
            def build(made, variables):
                super().build(variables)
                made.momenta = [made.add_variable_from_reference(each, name="momentum") for each in variables]

            def update_step(made, gradient, variable, learning_rate):
                momentum = made.momenta[made._get_variable_index(variable)]
                ahead = self.beta_1 * momentum + (1 - self.beta_1) * gradient
                made.assign_sub(variable, learning_rate * keras.ops.sign(ahead))
                made.assign(momentum, self.beta_2 * momentum + (1 - self.beta_2) * gradient)

        return Steps(learning_rate=learning_rate)


@dataclass(frozen=True, kw_only=True)
class Wave(ganzoo.Schedule):
    """Up and down."""

    height: float

    def __call__(self, step):
        return self.height * (step % 2)


@ganzoo.hookimpl
def ganzoo_register_optimizers():
    return {"lion": Lion}


@ganzoo.hookimpl
def ganzoo_register_schedules():
    return {"wave": Wave}
'''
LION_EVERYWHERE = [
    f"--set=optimizers.{player}={{name='lion', learning_rate={{name='warm_up', steps=4, then=1e-3}}}}"
    for player in ("generator", "discriminator")
]


@pytest.fixture
def lion(tmp_path, monkeypatch):
    """A stranger's optimizer and schedule, installed."""
    install(tmp_path / "site", "lion", LION)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_strangers_optimizer_trains_and_goes_on_to_the_byte(ganzoo, tmp_path, monkeypatch, lion, precision):
    more = [*LION_EVERYWHERE, f"--set=train.precision={precision}"]
    done = ganzoo(*tiny(tmp_path, "whole", *more))
    assert done.code == 0, done.err
    save = Trainer.save

    def save_and_die(self, number, *arguments):
        save(self, number, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        assert ganzoo(*tiny(tmp_path, "stopped", *more)).code == 130
    assert ganzoo(*tiny(tmp_path, "stopped", *more)).code == 0
    assert_same(tmp_path / "whole", tmp_path / "stopped")
    momenta = [value for name, value in last_state(tmp_path / "whole").items() if name.startswith("optimizers/gen")]
    assert any(value.ndim == 2 and np.abs(value).sum() > 0 for value in momenta)
    used = json.loads((tmp_path / "whole" / "manifest.json").read_text())["environment"]["plugins"]
    assert used["lion"]["used"]
    assert used["schedules"]["used"]


def test_an_optimizer_that_builds_something_else_is_named(ganzoo, tmp_path, monkeypatch):
    source = LION.replace("return Steps(learning_rate=learning_rate)", "return learning_rate")
    install(tmp_path / "site", "wrong", source)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    refused = ganzoo(*tiny(tmp_path, "mine", *LION_EVERYWHERE))
    assert refused.code == 3
    assert "optimizer of 'generator' of plugin 'wrong' (ganzoo-wrong 1.2): build() returned float" in refused.err
    assert not (tmp_path / "mine").exists()


class Broken(Schedule):
    def __init__(self, value):
        self.value = value

    def __call__(self, step):
        return 0.1 if step < 2 else self.value / (self.value != 0)


def test_a_schedule_that_gives_a_rate_below_0_is_named_before_the_first_step(ganzoo, tmp_path):
    rate = "--set=optimizers.generator.learning_rate={name='cosine', start=-1e-3, steps=10}"
    refused = ganzoo(*tiny(tmp_path, "mine", rate))
    assert refused.code == 3
    assert "schedule of the learning rate of 'generator' of plugin 'schedules'" in refused.err
    assert "gave -0.001, expected a number >= 0" in refused.err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "ZeroDivisionError"), (float("nan"), "gave nan, expected a finite number"), ("much", "TypeError")],
)
def test_a_schedule_that_fails_is_named_with_the_step(value, expected):
    broken = Broken(value)
    for options, what in (
        ({"learning_rates": {("generator", ""): broken}}, "the learning rate of 'generator'"),
        ({"n_critic": broken}, "n_critic"),
        ({"losses": [WiredLoss(key="mine", loss=Distance(), weight=broken)]}, "the weight of 'mine'"),
    ):
        losses = options.pop("losses", [Wasserstein()])
        made = game_model(*losses, **options)
        made.train_step(BATCH)
        made.train_step(BATCH)
        with pytest.raises(PluginError, match=f"schedule of {what} of .*, step 3: {expected}"):
            made.train_step(BATCH)


# -- schedules in recipes ----------------------------------------------------------------------------------------------


def load(*overrides, recipe="gaussians_ring"):
    return load_recipe(recipe, zoo=load_zoo(), overrides=overrides)


RATE = "optimizers.generator.learning_rate"


def test_a_schedule_of_a_plugin_stands_wherever_a_number_does():
    recipe = load(
        f"{RATE}={{name='warm_up', steps=2, then={{name='cosine', start=1.0, steps=4}}}}",
        "losses.0.weight={name='constant', value=0.5}",
        "regularizers.instance_noise.sigma={name='linear_to_zero', start=1.0, delay=1, steps=2}",
        "train.n_critic={name='constant', value=3}",
        "phases.0.learning_rate={name='polynomial', start=1.0, steps=2}",
    )
    assert [recipe.optimizers["generator"].rate(step) for step in (0, 1, 2, 4)] == [0.0, 0.5, 1.0, 0.5]
    assert recipe.losses[0].weight(7) == 0.5
    assert recipe.regularizers[1].regularizer.sigma(2) == 0.5
    assert recipe.train.n_critic(0) == 3
    assert recipe.phases[0].learning_rate(1) == 0.25
    resolved = recipe.resolved["optimizers"]["generator"]["learning_rate"]
    assert resolved["name"] == "schedules/warm_up"
    assert resolved["then"] == {"name": "schedules/cosine", "start": 1.0, "steps": 4, "end": 0.0, "delay": 0}
    assert recipe.resolved["losses"][0]["weight"] == {"name": "schedules/constant", "value": 0.5}


def test_plain_numbers_ramps_and_staircases_stay_what_they_are():
    recipe = load(f"{RATE}=0.1", "optimizers.discriminator.learning_rate={start=1.0, end=0.0, steps=2}")
    assert recipe.optimizers["generator"].rate == Constant(0.1)
    assert recipe.optimizers["discriminator"].rate == Ramp(start=1.0, end=0.0, steps=2)
    assert recipe.resolved["optimizers"]["generator"]["learning_rate"] == 0.1


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (f"{RATE}={{name='cosin', start=1.0, steps=4}}", "there is no schedule 'cosin' (did you mean 'cosine'"),
        (
            f"{RATE}={{name='cosine', start=1.0, steps=4, ende=0.1}}",
            "learning_rate.ende: unknown key 'ende' (did you mean",
        ),
        (f"{RATE}={{name='cosine', start=1.0, steps=0}}", "learning_rate.steps: is 0, expected int >= 1"),
        (f"{RATE}={{name='warm_up', steps=1, then={{name='r1'}}}}", "then.name: there is no schedule 'r1'"),
        ("train.n_critic={name='constant', value=1.5}", "expected a whole number"),
        ("optimizers.generator.beta_3=0.1", "unknown key 'beta_3' (did you mean 'beta_"),
    ],
)
def test_a_mistake_in_a_schedule_or_an_optimizer_is_told_at_its_key(override, expected):
    with pytest.raises(RecipeError) as caught:
        load(override)
    assert expected in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_schedule_is_changed_key_by_key():
    recipe = load(f"{RATE}={{name='cosine', start=1.0, steps=4}}")
    assert recipe.optimizers["generator"].rate(2) == 0.5
    changed = load(f"{RATE}={{name='cosine', start=1.0, steps=4}}", f"{RATE}.steps=8")
    assert changed.optimizers["generator"].rate(4) == 0.5
    other = load(f"{RATE}.name=cosine", f"{RATE}.start=1.0", f"{RATE}.steps=4")
    assert other.optimizers["generator"].rate(2) == 0.5, "the keys of the ramp before it are dropped"


# -- single networks and phases ----------------------------------------------------------------------------------------


def test_a_network_of_that_name_is_trained_in_its_phases_only(ganzoo, tmp_path):
    two = "--set=phases=[{name='first', steps=2}, {name='second', steps=2, reset_optimizers=true, batch_size=4}]"
    more = [two, "--set=discriminator.phases=['second']", "--set=train.checkpoint_every=2", "--set=regularizers=[]"]
    arguments = [each for each in tiny(tmp_path, "mine", *more) if "phases.train" not in each]
    assert ganzoo(*arguments).code == 0
    lines = journal(tmp_path / "mine")
    assert [any(name.startswith("discriminator/") for name in line) for line in lines] == [False, False, True, True]
    assert all("generator/total" in line for line in lines)
    resolved = (tmp_path / "mine" / "recipe.toml").read_text()
    assert 'phases = [\n    "second",\n]' in resolved
    assert "batch_size = 4" in resolved
    # forgotten when the second phase began: two steps, not four
    counts = [
        v for k, v in last_state(tmp_path / "mine").items() if k.startswith("optimizers/generator") and not v.ndim
    ]
    assert 2 in [int(value) for value in counts]
    assert 4 not in [int(value) for value in counts]


def test_a_network_may_have_an_optimizer_of_its_own_which_must_be_one_of_the_tasks(ganzoo, tmp_path):
    refused = ganzoo(*tiny(tmp_path, "mine", "--set=optimizers.generater={name='sgd', learning_rate=0.1}"))
    assert refused.code == 2
    assert "optimizers.generater: there is no player or network 'generater' (did you mean 'generator'?)" in refused.err
    assert not (tmp_path / "mine").exists()


def test_phases_in_which_no_network_is_trained_are_refused(ganzoo, tmp_path):
    two = "--set=phases=[{name='first', steps=2}, {name='second', steps=2}]"
    rest = [f"--set={name}.phases=['first']" for name in ("generator", "discriminator")]
    arguments = [each for each in tiny(tmp_path, "mine", two, *rest) if "phases.train" not in each]
    refused = ganzoo(*arguments)
    assert refused.code == 2
    assert "phases.1: no network is trained in the phase 'second'" in refused.err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("generator.phases=['trian']", "generator.phases: there is no phase 'trian' (did you mean 'train'"),
        ("generator.phases=[]", "generator.phases: is empty"),
        ("generator.phase=['train']", "unknown key 'phase' (did you mean 'phases'"),
    ],
)
def test_a_mistake_in_the_phases_of_a_network_is_told(override, expected):
    with pytest.raises(RecipeError, match=re.escape(expected)):
        load(override)


def test_another_architecture_keeps_the_phases_of_the_network():
    recipe = load("generator.phases=['train']", "generator.name=mlp_generator")
    assert recipe.network_phases == {"generator": frozenset({"train"})}


UNPAIRED = """
[task]
name = "toy"

[data.photos]
name = "folder"
path = "photos"

[data.paintings]
name = "folder"
path = "paintings"

[generator]
name = "toy_generator"

[discriminator]
name = "toy_discriminator"

[networks.to_photos]
name = "toy_generator"
phases = ["second"]

[[losses]]
name = "hinge"

[optimizers.generator]
name = "adam"
learning_rate = 1e-2

[optimizers.discriminator]
name = "adam"
learning_rate = 1e-2

[optimizers.judge_photos]
name = "sgd"
learning_rate = 0.0

[train]
batch_size = 8

[[phases]]
name = "first"
steps = 2

[[phases]]
name = "second"
steps = 2
reset_optimizers = true
"""


def built(tmp_path, text):
    zoo = load_zoo({"unpaired": unpaired})
    rng = np.random.default_rng(0)
    for side, count in (("photos", 10), ("paintings", 7)):
        for number in range(count):
            picture = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
            images.write_image(tmp_path / side / f"{number}.png", picture)
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('path = "', f'path = "{tmp_path}/'))
    recipe = load_recipe(path, zoo=zoo)
    data = open_data(recipe)
    return build_model(recipe, assemble(recipe, data.fields, data.fitted), data.fitted), recipe, data


def changed_networks(model, step):
    before = {name: weights(model, name) for name in model.networks}
    model.train_step(step)
    return {name for name in model.networks if moved(model, name, before[name])}


def test_networks_have_their_own_optimizers_and_phases(tmp_path):
    model, recipe, data = built(tmp_path, UNPAIRED)
    assert set(model.optimizer_groups["discriminator"].optimizers) == {"discriminator", "judge_photos"}
    steps = list(islice(batches(recipe, data), 3))
    assert changed_networks(model, steps[0]) == {"to_paintings", "judge_paintings"}, (
        "judge_photos has a rate of nothing"
    )
    model.train_step(steps[1])
    assert changed_networks(model, steps[2]) == {"to_paintings", "to_photos", "judge_paintings"}
    assert {name.split("/")[1] for name in model.state() if name.startswith("optimizers/")} == {
        *("generator", "discriminator", "judge_photos"),
    }
    iterations = model.optimizer_groups["discriminator"].optimizers["judge_photos"].iterations
    assert int(iterations.value) == 1, "the optimizers forgot the first phase"


def test_a_player_needs_no_optimizer_where_each_of_its_networks_has_one(tmp_path):
    text = UNPAIRED.replace("[optimizers.discriminator]", "[optimizers.judge_paintings]")
    model, _, _ = built(tmp_path, text)
    assert set(model.optimizer_groups["discriminator"].optimizers) == {"judge_photos", "judge_paintings"}
    with pytest.raises(RecipeError) as caught:
        built(tmp_path, UNPAIRED.replace("[optimizers.discriminator]", "[optimizers.to_paintings]"))
    assert [str(problem) for problem in caught.value.problems] == [
        "optimizers.discriminator: the network 'judge_paintings' has no optimizer; "
        "add [optimizers.judge_paintings] or this section"
    ]


def test_optimizers_of_single_networks_are_refused_in_float16_with_the_reason(tmp_path):
    with pytest.raises(RecipeError, match=r"optimizers.judge_photos: in float16, one scale of the loss goes with one"):
        built(tmp_path, UNPAIRED.replace("[train]", '[train]\nprecision = "float16"'))
