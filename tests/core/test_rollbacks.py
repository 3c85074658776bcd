"""A run that fails goes back with lower learning rates; killed or stopped anywhere, it ends in the same bytes."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest

import ganzoo as library
from ganzoo import AdversarialLoss, Architecture, CheckpointError, RecipeError, load_zoo
from ganzoo.diagnosis import doctor as diagnosis
from ganzoo.diagnosis.collapse import collapse
from ganzoo.diagnosis.numbers import numbers
from ganzoo.errors import NumericError
from ganzoo.proving.attempt import Job, Tap, TappedOS
from ganzoo.proving.proof import KILLED, contents
from ganzoo.runs import files, lock
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.training import doctor
from ganzoo.training.rollbacks import Rollbacks
from ganzoo.training.trainer import Trainer

SIZE = 2


@dataclass(frozen=True, kw_only=True)
class FailingGenerator(Architecture):
    """A generator that makes one point from a step on."""

    role: ClassVar[str] = "generator"
    after: int = 20

    def build(self, signature):
        latent = keras.Input((16,))
        points = keras.layers.Dense(SIZE)(latent)
        gate = keras.layers.Dense(SIZE, use_bias=False, kernel_initializer="identity", trainable=False, name="gate")
        return keras.Model(latent, gate(points))

    def begin_step(self, network, step):
        network.get_layer("gate").kernel.assign(np.eye(SIZE) * (step.number < self.after))


@dataclass(frozen=True, kw_only=True)
class Breaking(AdversarialLoss):
    """A loss that is not a number when the discriminator has learned a little."""

    def discriminator_loss(self, real_logits, fake_logits):
        return ((real_logits - 1) ** 2).mean() + (0.5 - real_logits.mean()).sqrt()

    def generator_loss(self, fake_logits):
        return ((fake_logits - 1) ** 2).mean()


ZOO = {"failing_generator": FailingGenerator, "breaking": Breaking}
PLAIN = {
    "phases.train.steps": 63,
    "train.batch_size": 16,
    "train.log_every": 5,
    "train.sample_every": 25,
    "train.checkpoint_every": 10,
    "train.keep_checkpoints": 4,
    "train.samples": 4,
    "train.on_collapse": "rollback",
    "train.evaluate_every": 10,
    "train.best": "sliced_wasserstein",
    "data.count": 64,
    "validation.count": 64,
    "generator": {"name": "mlp_generator", "hidden": 16},
    "discriminator": {"name": "mlp_discriminator", "hidden": 16},
    "regularizers": [],
    "metrics": [{"name": "sliced_wasserstein", "field": "point"}],
}
FAILING = {**PLAIN, "generator": {"name": "failing_generator"}}


def make_quick(patch):
    """Let the doctor look at every line of the log, for what is planted here only."""
    patch.setattr(doctor, "_LEAST_STEPS", 5)
    patch.setattr(diagnosis, "RULES", (numbers, collapse))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    make_quick(monkeypatch)


class Killed(BaseException):
    """Stands for the death of a process: nothing handles it."""


def train(folder, overrides=FAILING, **options):
    return library.train(
        "gaussians_ring",
        name="run",
        runs=folder,
        overrides=overrides,
        zoo=load_zoo(ZOO),
        verbose=False,
        **options,
    )


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def said(run):
    return json.loads((run / "manifest.json").read_text()).get("stopped_early")


class Notes(logging.Handler):
    """Keeps what a run says."""

    def __init__(self):
        super().__init__("INFO")
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, notes, log = tmp_path_factory.mktemp("whole"), Notes(), logging.getLogger("ganzoo")
    level = log.level
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        log.setLevel(logging.INFO)  # forgets what a logger remembers of its level
        log.addHandler(notes)
        train(folder)
        log.removeHandler(notes)
    log.setLevel(level)
    return folder / "run", notes.texts


@pytest.fixture
def whole(trained):
    """A run that was neither killed nor stopped."""
    return trained[0]


def test_a_run_that_fails_goes_back_to_the_checkpoint_before_and_stops_after_three_times(whole):
    assert lines(whole / "rollbacks.jsonl") == [{"step": 60, "to": 30, "kind": "mode_collapse"}] * 3
    assert said(whole) == ("after step 60 of 63: mode_collapse since step 35, after 3 rollbacks (train.on_collapse)")
    assert (whole / "generator.keras").exists()


def test_each_rollback_halves_the_learning_rates_from_there_on(whole):
    rates = {line["step"]: line["learning_rate/generator"] for line in lines(whole / "metrics.jsonl")}
    assert list(rates) == list(range(5, 61, 5))
    assert [rates[step] for step in (30, 35, 60)] == pytest.approx([1e-3, 1e-3 / 8, 1e-3 / 8], rel=1e-3)


def test_what_was_undone_is_in_no_file(whole):
    assert [line["step"] for line in lines(whole / "verdicts.jsonl") if line["severity"] == "failure"] == [60]
    assert [path.name for path in CheckpointStore(whole / "checkpoints").paths()] == [
        f"step-{step:09d}" for step in (30, 40, 50, 60)
    ]


#: Where a process dies: what it was about to do for so many-th time.
MOMENTS = [
    pytest.param(Rollbacks, "add", 1, id="between the dropped checkpoints and the line"),
    pytest.param(Trainer, "adopt", 2, id="after the line"),
    pytest.param(Trainer, "save", 10, id="before the first new checkpoint"),
    pytest.param(CheckpointStore, "drop_after", 3, id="before checkpoints are dropped for the third time"),
]


@pytest.mark.parametrize(("owner", "name", "times"), MOMENTS)
def test_a_run_that_is_killed_ends_in_the_same_bytes(whole, tmp_path, owner, name, times, monkeypatch):
    original, calls = getattr(owner, name), []

    def die(*arguments, **options):
        calls.append(name)
        if len(calls) == times:
            raise Killed
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, die)
    with pytest.raises(Killed):
        train(tmp_path)
    assert said(tmp_path / "run") is None
    train(tmp_path)
    assert contents(tmp_path / "run") == contents(whole)


def attempt(folder, calls, die_before):
    """Train in this process, which kills itself before a file-system call; write down all calls."""
    tap = Tap(Job((), calls, calls, calls, die_before=die_before))
    for module in (files, lock):
        vars(module)["os"] = TappedOS(os, tap)
    make_quick(pytest.MonkeyPatch())
    train(folder)
    calls.write_text(json.dumps(tap.seen))


@pytest.mark.slow
def test_a_run_that_is_killed_before_a_file_system_call_of_a_rollback_ends_in_the_same_bytes(whole, tmp_path):
    def in_a_process(name, die_before=None):
        job = tmp_path / name, tmp_path / "calls", die_before
        process = multiprocessing.get_context("forkserver").Process(target=attempt, args=job)
        process.start()
        process.join()
        return process.exitcode

    assert in_a_process("undisturbed") == 0
    assert contents(tmp_path / "undisturbed" / "run") == contents(whole)
    made = json.loads((tmp_path / "calls").read_text())
    line = next(index for index, (_, place) in enumerate(made) if "rollbacks.jsonl" in place)
    for index in range(line - 30, line + 60, 2):
        name = f"before-{index}"
        assert in_a_process(name, index) == KILLED, made[index]
        assert in_a_process(name) == 0
        assert contents(tmp_path / name / "run") == contents(whole), made[index]


class StopAt(keras.callbacks.Callback):
    """Asks the run to stop after a step."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.step:
            self.model.stop_training = True


@pytest.mark.parametrize("step", [33, *(pytest.param(step, marks=pytest.mark.slow) for step in (57, 60))])
def test_a_run_that_is_stopped_between_two_checkpoints_ends_in_the_same_bytes(whole, tmp_path, step):
    train(tmp_path, callbacks=[StopAt(step)])
    assert said(tmp_path / "run") is None
    train(tmp_path)
    assert contents(tmp_path / "run") == contents(whole)


def test_a_run_that_is_made_longer_after_a_rollback_is_the_longer_run(whole, tmp_path):
    train(tmp_path, {**FAILING, "phases.train.steps": 60})
    assert len(lines(tmp_path / "run" / "rollbacks.jsonl")) == 3
    train(tmp_path)
    assert contents(tmp_path / "run") == contents(whole)


def test_a_run_without_a_checkpoint_from_before_stops_and_says_what_keeps_one(tmp_path):
    train(tmp_path, {**FAILING, "train.keep_checkpoints": 2})
    assert said(tmp_path / "run") == (
        "after step 60 of 63: mode_collapse since step 35, and no checkpoint from before it is kept; "
        "train.keep_checkpoints (now 2) keeps older ones, train.checkpoint_every (now 10) makes them more often "
        "(train.on_collapse)"
    )
    assert not (tmp_path / "run" / "rollbacks.jsonl").exists()
    ends = contents(tmp_path / "run")
    train(tmp_path, {**FAILING, "train.keep_checkpoints": 2})
    assert contents(tmp_path / "run") == ends


def test_a_run_without_a_failure_is_the_same_whatever_follows_one(tmp_path):
    for follows in ("warn", "rollback"):
        train(tmp_path / follows, {**PLAIN, "train.on_collapse": follows, "train.best": None})
    warned, able = (contents(tmp_path / follows / "run") for follows in ("warn", "rollback"))
    assert warned.pop("recipe.toml") != able.pop("recipe.toml")
    assert warned == able


def test_the_best_state_is_one_of_those_that_were_not_undone(whole):
    scores = [line for line in lines(whole / "scores.jsonl") if line["step"]]
    best = min(scores, key=lambda line: line["scores"]["generator"]["sliced_wasserstein"])
    assert max(path.name for path in (whole / "best").iterdir()) == f"step-{best['step']:09d}"


def test_an_update_that_is_refused_is_a_failure_too(tmp_path):
    breaking = {**PLAIN, "losses": [{"name": "breaking"}], "train.checkpoint_every": 2}
    with pytest.raises(NumericError, match="breaking"):
        train(tmp_path, breaking)
    found = lines(tmp_path / "run" / "rollbacks.jsonl")
    assert [line["kind"] for line in found] == ["not_finite"] * 3
    assert all(line["to"] < line["step"] for line in found)


def test_damaged_rollbacks_are_refused(whole, tmp_path):
    train(tmp_path, {**PLAIN, "phases.train.steps": 2})
    (tmp_path / "run" / "rollbacks.jsonl").write_text('{"step": 60, "to": "30"}\n')
    with pytest.raises(CheckpointError, match=r"rollbacks\.jsonl: is damaged"):
        train(tmp_path, {**PLAIN, "phases.train.steps": 3})


def test_going_back_from_what_nobody_looks_for_is_refused():
    with pytest.raises(RecipeError, match=r"needs train\.doctor"):
        library.load_recipe("gaussians_ring", overrides={"train.doctor": False, "train.on_collapse": "rollback"})


def test_a_run_says_where_it_goes_back_to_and_at_its_end_how_often_it_did(trained):
    run, notes = trained
    assert [text for text in notes if "goes back" in text] == [
        "step 60: mode_collapse since step 35: training goes back to step 30; from there on, learning rates are "
        f"multiplied by {scale} (rollback {count} of 3, train.on_collapse)"
        for count, scale in enumerate(("0.5", "0.25", "0.125"), 1)
    ]
    assert f"rollbacks after a failure: 3 ({run / 'rollbacks.jsonl'})" in notes


def test_other_commands_read_a_run_that_went_back(whole, ganzoo):
    assert "mode_collapse since step 35" in ganzoo("diagnose", whole).out
    assert ganzoo("watch", whole).code == 0
