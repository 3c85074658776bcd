"""What `ganzoo.testing` finds wrong with components, and what it says."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import torch
from ganzoo_bad import BadData, BadGenerator, BadInputs, BadLoss, BadMetric, BadPair, BadRegularizer, BadTask
from points import POINT

import ganzoo.testing
from ganzoo import Field, Regularizer, Signature
from ganzoo.testing import (
    check_architecture,
    check_dataset,
    check_loss,
    check_metric,
    check_regularizer,
    check_source,
    check_task,
)

POINTS = {"point": np.eye(2, dtype=np.float32)}


@pytest.fixture(autouse=True)
def no_calls():
    BadTask.calls.clear()


def refused(*messages):
    return pytest.raises(AssertionError, match=".*".join(messages))


def test_everything_public_is_named():
    assert sorted(name for name in vars(ganzoo.testing) if name.startswith("check_")) == [
        name for name in ganzoo.testing.__all__ if name.startswith("check_")
    ]


# -- tasks -------------------------------------------------------------------------------------------------------------


def test_a_task_that_keeps_its_contract_passes():
    check_task(BadTask(), BadData())
    check_task(BadTask(), BadData().open(), architectures={"generator": BadGenerator()})


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("exposes:none", "exposes must be LossTargets, not NoneType"),
        ("offers:text", "offers.. must be LossTargets, not str"),
        ("networks:empty", "networks.. returned .*expected one or more unique names"),
        ("networks:one_name", "networks.. returned .'same', 'same'., expected one or more unique names"),
        ("networks:judge", "is on the side 'judge'"),
        ("networks:key_error", "KeyError: 'boom'"),
        ("prepare:none", "prepare.. must return arrays by name, not NoneType"),
        ("prepare:first_float64", "prepare..: 'point' is float64, expected float32 or integers"),
        ("late:prepare:first_wide", "prepare.. must"),
        ("generate:none", "generate.. must return tensors by name"),
        ("generate:first_none", "generate.. must return tensors by name"),
        ("generator:detached", "do not depend on its weights|must let the gradient through"),
        ("compare:empty", "compare.. returned .., expected the comparisons .'sample'."),
        ("compare:unknown", "compare.. returned .'sample', 'unknown'., expected the comparisons .'sample'."),
        ("compare:first_none", "comparison 'sample' is NoneType, expected a Comparison"),
        ("compare:real_wide", "expected tensors of one shape"),
        ("compare:judge_none", "step 1"),
        ("compare:judge_no_logits", "logits"),
        ("pair:none", "returned NoneType, expected .output, target."),
        ("pair:key_error", "KeyError: 'boom'"),
        ("term:none", "must return a scalar tensor, received NoneType"),
        ("term:vector", "must return a scalar tensor, received .3,."),
        ("term:nan", "is not finite"),
        ("term:detached", "term 'size' of the .*must let the gradient through"),
        ("late:term:key_error", "step 3: .*KeyError: 'boom'"),
        ("fixed_inputs:none", "fixed_inputs.. must return arrays by name, not NoneType"),
        ("picture:none", "picture.. returned NoneType, expected uint8"),
        ("picture:two_channels", "picture.. returned 4x4x2 uint8, expected uint8"),
        ("picture:floating", "picture.. returned 4x4x3 float32, expected uint8"),
        ("evaluate:empty", "evaluate.. must yield a row of ..generator..; it has ..$"),
        ("evaluate:other_row", "evaluate.. must yield a row of ..generator..; it has .'mine'."),
        ("evaluate:none", "evaluate.. must yield Result, not NoneType"),
        ("evaluate:no_output", "evaluate..: output must be arrays by name, not NoneType"),
        ("evaluate:bad_picture", "picture returned 4x4 float64, expected uint8"),
        ("sample:none", "sample..: TypeError"),
        ("sample:exits", "sample..: SystemExit"),
    ],
)
def test_a_broken_task_is_refused_by_its_contract(fault, message):
    with refused("BadTask: ", message):
        check_task(BadTask(fault=fault), BadData())


class Remembering(BadTask):
    """Counts in an attribute of its class."""

    counted = 0

    def generate(self, view):
        type(self).counted += 1
        return {name: fake * (1 + self.counted) for name, fake in super().generate(view).items()}


class Unseeded(BadTask):
    """Draws from a generator of its own."""

    def prepare(self, example, context):
        return {"point": example["point"] + np.random.default_rng().normal(size=2).astype(np.float32)}


def test_a_task_that_remembers_or_draws_by_itself_is_refused():
    with refused("Remembering: must give the same run twice"):
        check_task(Remembering(), BadData())
    with refused("Unseeded: ", "the same rng, the same row"):
        check_task(Unseeded(), BadData())


# -- regularizers ------------------------------------------------------------------------------------------------------


class Counting(Regularizer):
    """Starts at the sixth call, counted in an attribute."""

    calls = 0

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        self.calls += 1
        return images * (2 if self.calls > 5 else 1)


class Forgetting(Regularizer):
    """Changes a variable that `state()` leaves out."""

    def build(self, players, comparisons):
        self.strength = keras.Variable(0.0, trainable=False)

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        return images + self.strength.value

    def after_update(self, player, judged, *, step):
        self.strength.assign_add(0.1)


class Remembered(Forgetting):
    """The same with its variable in `state()`."""

    def state(self):
        return {"strength": self.strength}


class OwnGenerator(Regularizer):
    """Draws from a generator of its own, made anew each time."""

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        return images + float(np.random.default_rng().normal())


class Changing(Regularizer):
    """Does to images what it is told."""

    def __init__(self, change):
        self.change = change

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        return self.change(images)


class Growing(Regularizer):
    """Makes a variable in the middle of a run."""

    def __init__(self):
        self.variables = {}

    def after_update(self, player, judged, *, step):
        self.variables.setdefault("late", keras.Variable(0.0, trainable=False))

    def state(self):
        return self.variables


def test_an_attribute_that_counts_and_a_variable_left_out_are_told_as_lost_state():
    for broken in (Counting(), Forgetting()):
        with refused("must resume from what state.. returns as if it had not stopped", "attribute", "leaves out"):
            check_regularizer(broken)
    check_regularizer(Remembered())


def test_a_generator_of_its_own_is_told_as_randomness_outside_of_rng():
    with refused("must give the same run twice; all randomness comes from rng, all state from state"):
        check_regularizer(OwnGenerator())


def test_a_variable_made_late_is_refused():
    with refused("state.. must keep its names; create variables in build"):
        check_regularizer(Growing())


@pytest.mark.parametrize("shape", [(8,), (16, 16, 1)])
@pytest.mark.parametrize("change", [lambda images: images[:4], lambda images: images[:, :4], lambda images: None])
def test_a_regularizer_that_cuts_what_it_is_shown_is_refused(shape, change):
    with refused("discriminator_inputs.. returned", "expected a tensor"):
        check_regularizer(Changing(change), shape=shape)


def test_a_regularizer_that_changes_what_it_is_given_or_stops_the_gradient_is_refused():
    with refused("a step must not change its inputs in place"):
        check_regularizer(Changing(lambda images: images.mul_(0.5) if not images.requires_grad else images * 1))
    with refused("discriminator_inputs must let the gradient through"):
        check_regularizer(Changing(lambda images: images.detach()))


def test_an_augmentation_of_images_can_be_tried_on_images():
    flipped = Changing(lambda images: images.flip(2))
    check_regularizer(flipped, shape=(16, 16, 1))
    with refused("Dimension out of range"):
        check_regularizer(flipped)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("build:key_error", "KeyError: 'boom'"),
        ("state:none", "state.. must return keras.Variables by name"),
        ("report:none", "report"),
        ("discriminator_signature:none", "NoneType"),
        ("discriminator_penalty:vector", "must return a scalar tensor, received .3,."),
        ("discriminator_penalty:nan", "step 1: .*not finite.*Pointless nan"),
        ("discriminator_penalty:detached", "discriminator_penalty must let the gradient through"),
        ("generator_penalty:float", "step 1"),
        ("late:generator_penalty:none", "step 6"),
        ("weight_penalty:none", "step 1"),
        ("loss_factors:none", "step 1"),
        ("loss_factors:unknown", "loss_factors.. names"),
        ("plays:key_error", "KeyError: 'boom'"),
        ("late:plays:exits", "step 3: .*SystemExit"),
        ("learning_rate_factor:text", "learning_rate_factor.. returned str, expected a number or a scalar tensor"),
        ("after_update:exits", "step 1: .*SystemExit"),
    ],
)
def test_each_moment_of_a_regularizer_is_checked(fault, message):
    with refused("BadRegularizer: ", message):
        check_regularizer(Pointless(fault=fault))


class Pointless(BadRegularizer):
    """Names the fakes as the check does."""

    def generator_penalty(self, fakes, judged, *, step, rng):
        return self.spoiled("generator_penalty", fakes["sample"].square().mean())


Pointless.__qualname__ = "BadRegularizer"


def test_a_good_regularizer_passes_every_moment():
    check_regularizer(Pointless())
    check_regularizer(BadInputs(), shape=(16, 16, 1))


# -- losses, metrics, architectures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["none", "float", "vector", "nan", "detached", "key_error", "exits"])
@pytest.mark.parametrize("late", ["", "late:"])
def test_a_broken_loss_is_refused_at_its_first_call_or_later(way, late):
    with refused("BadLoss: discriminator_loss"):
        check_loss(BadLoss(fault=f"{late}discriminator_loss:{way}"))
    with refused("BadPair: "):
        check_loss(BadPair(fault=f"{late}call:{way}"))


def test_a_loss_that_changes_its_inputs_is_refused():
    class InPlace(BadLoss):
        def generator_loss(self, fake_logits):
            with torch.no_grad():
                fake_logits.mul_(0.5)
            return super().generator_loss(fake_logits)

    with refused("generator_loss must not change its inputs in place"):
        check_loss(InPlace())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("build:key_error", "KeyError"),
        ("update:exits", "SystemExit"),
        ("result:none", "must return a mapping, not NoneType"),
        ("result:empty", "at least one score"),
        ("result:first_text", "must map names to numbers"),
        ("late:result:empty", "whenever asked"),
    ],
)
def test_a_broken_metric_is_refused(fault, message, monkeypatch):
    monkeypatch.setattr("ganzoo_bad.LATE", 2)
    with refused("BadMetric: ", message):
        check_metric(BadMetric(fault=fault), POINTS, POINTS)


def test_an_architecture_is_saved_without_a_warning_of_keras():
    signature = Signature(inputs={"latent": Field(shape=(3,))}, outputs={"point": POINT})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_architecture(BadGenerator(), signature)
    with refused("round trip: KeyError|round trip: .*boom"):
        check_architecture(BadGenerator(fault="save:unsaved"), signature)
    with refused("output 'point' is of shape"):
        check_architecture(BadGenerator(fault="width:wrong"), signature)


# -- sources -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("open:none", "NoneType"),
        ("open:key_error", "KeyError"),
        ("len:more", "example .*IndexError"),
        ("len:minus", "ValueError"),
        ("item:none", "must be a mapping, not NoneType"),
        ("item:empty", "lacks the field 'point'"),
        ("item:first_text", "field 'point' must be a numpy array, not str"),
        ("item:first_float64", "field 'point' is float64, promised was 2 float32"),
        ("item:first_wide", r"field 'point' is of shape \(4,\), promised was 2 float32"),
        ("late:item:key_error", "example .*KeyError"),
        ("name_of:none", "name_of.39. must return a text"),
        ("fingerprint:none", "fingerprint.. must return a text"),
    ],
)
def test_a_broken_source_is_refused(fault, message):
    with refused(message):
        check_dataset(BadData(fault=fault))


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (lambda source: [{"point": (3,)}] * len(source), r"says that 'point' of example 0 is of shape \(3,\)"),
        (lambda source: [{"point": (2,)}], "one item for each example, or none"),
        (lambda source: 3, r"headers\(\): TypeError"),
    ],
)
def test_headers_that_are_not_those_of_the_examples_are_refused(headers, message, monkeypatch):
    monkeypatch.setattr(type(BadData().open()), "headers", headers, raising=False)
    with refused(message):
        check_dataset(BadData())


def test_a_good_source_passes():
    check_dataset(BadData())
    check_source(BadData().open())
