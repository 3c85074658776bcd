"""A run stops when it is asked to, wherever it is, and two never work in one folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import threading
import time

import keras
import pytest
from tiny_runs import assert_same, finish, manifest, process, tiny

import ganzoo.training.evaluation
import ganzoo.training.export
import ganzoo.training.launch
from ganzoo.data.batches import StepBatches
from ganzoo.errors import Stopped
from ganzoo.runs import files
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.training.model import AdversarialModel
from ganzoo.training.signals import StopRequest
from ganzoo.training.trainer import Trainer

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def open_data():
    from ganzoo_data.gaussians import Gaussians

    return Gaussians, "open"


#: What a run is doing when the signal comes, and whether a step was taken by then.
MOMENTS = {
    "opening the data": (open_data, False),
    "building networks": (lambda: (ganzoo.training.launch, "assemble"), False),
    "drawing": (lambda: (Trainer, "draw"), False),
    "taking a step": (lambda: (AdversarialModel, "train_step"), True),
    "saving": (lambda: (CheckpointStore, "_write"), True),
    "scoring": (lambda: (ganzoo.training.evaluation, "score"), True),
    "exporting": (lambda: (ganzoo.training.export, "export_bytes"), True),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert finish(tiny(runs, "whole"))[0] == 0
    return runs / "whole"


def assert_plain(told, run):
    """Check that stopping was not a mistake, and that the next command is named: the run's own once there is a run."""
    assert told.startswith("stopped")
    assert "error" not in told
    assert "Traceback" not in told
    resumes = (run / "manifest.json").exists()
    assert told.endswith(f"\nresume with: ganzoo run {run}\n" if resumes else "\nthe same command starts it\n")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_first_signal_stops_a_run_that_the_same_command_finishes(
    ganzoo, tmp_path, monkeypatch, whole, data_threads, moment, number
):
    find, stepped = MOMENTS[moment]
    owner, name = find()
    original, sent = getattr(owner, name), []

    def interrupted(*arguments, **options):
        if not sent:
            sent.append(True)
            os.kill(os.getpid(), number)
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        stopped = ganzoo(*tiny(tmp_path, "stopped"))
    assert stopped.code == 75, stopped.err
    assert sent
    assert_plain(stopped.err, tmp_path / "stopped")
    assert data_threads() == []
    if stepped:
        assert manifest(tmp_path / "stopped")["status"] == "running"
        assert list((tmp_path / "stopped" / "checkpoints").glob("step-*"))
    again = ganzoo(*tiny(tmp_path, "stopped"))
    assert again.code == 0, again.err
    assert_same(whole, tmp_path / "stopped")


def test_a_signal_is_heeded_while_a_run_waits_for_data(ganzoo, tmp_path, monkeypatch, whole):
    row, released = StepBatches.row, threading.Event()

    def stuck(self, stream, epoch, index, step):
        if step.number == 3 and not released.is_set():
            time.sleep(2)  # the steps before are done by then
            os.kill(os.getpid(), signal.SIGTERM)
            released.wait(60)
        return row(self, stream, epoch, index, step)

    with monkeypatch.context() as patch:
        patch.setattr("ganzoo.data.ahead._PATIENCE", 0.1)
        patch.setattr(StepBatches, "row", stuck)
        stopped = ganzoo(*tiny(tmp_path, "stopped"))
        released.set()
    assert stopped.code == 75, stopped.err
    assert stopped.err.startswith("stopped after step 3 of 12; everything is saved\n")
    assert_plain(stopped.err, tmp_path / "stopped")
    assert (tmp_path / "stopped" / "checkpoints" / "step-000000003").is_dir()
    assert ganzoo(*tiny(tmp_path, "stopped")).code == 0
    assert_same(whole, tmp_path / "stopped")


def test_a_signal_is_heeded_while_the_doctor_reads_its_examples(ganzoo, tmp_path, monkeypatch):
    row, released = StepBatches.row, threading.Event()

    def stuck(self, stream, epoch, index, step):
        if step.number == 3 and not released.is_set():
            os.kill(os.getpid(), signal.SIGTERM)
            released.wait(60)
        return row(self, stream, epoch, index, step)

    monkeypatch.setattr("ganzoo.data.ahead._PATIENCE", 0.1)
    monkeypatch.setattr(StepBatches, "row", stuck)
    stopped = ganzoo(*tiny(tmp_path, "stopped", "--set", "phases.train.steps=60"))
    released.set()
    assert stopped.code == 75, stopped.err
    assert stopped.err.startswith("stopped after step 0 of 60; everything is saved\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_process_that_is_asked_to_stop_names_the_command_that_resumes(ganzoo, tmp_path, monkeypatch, number):
    runs = tmp_path / "my runs"
    working = process(tiny(runs, "run", "--set", "phases.train.steps=1000000"))
    while not (runs / "run" / "metrics.jsonl").exists() and working.poll() is None:
        time.sleep(0.02)
    working.send_signal(number)
    out, err = working.communicate(timeout=120)
    assert working.returncode == 75, err
    assert out.splitlines()[1] == f"run folder: {runs / 'run'}"
    done, command = re.fullmatch(
        r"stopped after step (\d+) of 1000000; everything is saved\nresume with: ganzoo (.*)\n", err
    ).groups()
    step = AdversarialModel.train_step
    monkeypatch.setattr(AdversarialModel, "train_step", lambda *given: os.kill(os.getpid(), number) or step(*given))
    again = ganzoo(*shlex.split(command))
    assert (again.code, f"resuming after step {done} of 1000000" in again.out) == (75, True), again.err


@pytest.mark.parametrize(
    "command", ["sample RUN -o X", "evaluate RUN", "prove RECIPE", "check RECIPE", "data prepare NAME"]
)
def test_ctrl_c_in_another_command_is_one_plain_word(ganzoo, monkeypatch, command):
    monkeypatch.setattr("ganzoo.zoo.load_zoo", lambda: os.kill(os.getpid(), signal.SIGINT))
    stopped = ganzoo(*command.split())
    assert stopped.code == 130
    assert stopped.err.strip() == "interrupted; what was saved before is intact"


def test_a_second_signal_stops_at_once(ganzoo, tmp_path, monkeypatch, whole, data_threads):
    original = AdversarialModel.train_step

    def twice(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(AdversarialModel, "train_step", twice)
        stopped = ganzoo(*tiny(tmp_path, "stopped"))
    assert stopped.code == 130
    assert stopped.err.strip() == "interrupted; what was saved before is intact"
    assert data_threads() == []
    assert not list((tmp_path / "stopped" / "checkpoints").glob("step-*"))
    assert ganzoo(*tiny(tmp_path, "stopped")).code == 0
    assert_same(whole, tmp_path / "stopped")


def test_a_signal_in_the_call_of_a_layer_is_told_without_the_arguments_of_the_layer():
    class Signalled(keras.layers.Layer):
        def call(self, inputs):
            os.kill(os.getpid(), signal.SIGTERM)
            return inputs

    with pytest.raises(Stopped, match=r"^stopped; nothing is lost$"), StopRequest("stopped; nothing is lost"):
        Signalled()(keras.ops.ones((1, 1)))


def test_the_handlers_of_the_caller_are_given_back(ganzoo, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    ganzoo(*tiny(tmp_path, "run"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_nothing_stays_of_a_run_that_was_stopped_before_it_began(ganzoo, tmp_path, monkeypatch):
    owner, name = open_data()
    monkeypatch.setattr(owner, name, lambda _self: os.kill(os.getpid(), signal.SIGTERM))
    assert ganzoo(*tiny(tmp_path, "stopped")).code == 75
    assert list(tmp_path.iterdir()) == []


def test_preparing_data_can_be_stopped(ganzoo, tmp_path, monkeypatch):
    from ganzoo_tfds.tfds import TFDS

    monkeypatch.setattr(TFDS, "prepare_files", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    stopped = ganzoo("data", "prepare", "div2k/bicubic_x4", "--data-dir", tmp_path)
    assert stopped.code == 75
    assert stopped.err == "stopped; run the same command again to resume\n"


# -- one run in a folder -----------------------------------------------------------------------------------------------


@pytest.fixture
def busy(tmp_path):
    """A process that works in tmp_path/run until it is killed."""
    holder = process(tiny(tmp_path, "run", "--set", "phases.train.steps=1000000"))
    while not (tmp_path / "run" / "metrics.jsonl").exists() and holder.poll() is None:
        time.sleep(0.02)
    yield holder
    holder.kill()
    holder.communicate()


def test_a_second_process_is_told_who_works_there(ganzoo, tmp_path, busy):
    refused = ganzoo("run", tmp_path / "run")
    assert refused.code == 8
    assert f"pid {busy.pid}" in refused.err
    busy.send_signal(signal.SIGKILL)
    busy.wait()
    assert ganzoo("run", tmp_path / "run", "--set", "train.seed=1").code == 5, "the lock died with its holder"


def test_a_process_that_works_can_be_looked_at(ganzoo, tmp_path, busy):
    while not list((tmp_path / "run" / "checkpoints").glob("step-*")):
        time.sleep(0.02)
    for number in range(3):
        seen = ganzoo("sample", tmp_path / "run", "-o", tmp_path / f"points_{number}.csv", "--count", 5)
        assert seen.code == 0, seen.err


def test_a_stale_lock_file_keeps_nobody_out(ganzoo, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "long ago"}))
    assert ganzoo(*tiny(tmp_path, "run")).code == 0


def test_leftovers_of_a_killed_process_are_swept(ganzoo, tmp_path, whole):
    run = tmp_path / "run"
    for folder in (run, run / "samples", run / "checkpoints"):
        folder.mkdir(exist_ok=True)
        (folder / ".something.part").write_text("half")
    (run / "checkpoints" / ".step-000000005.part").mkdir()
    (run / "checkpoints" / ".step-000000005.part" / ".state.npz.part").write_text("half")
    assert ganzoo(*tiny(tmp_path, "run")).code == 0
    assert_same(whole, run)
    assert [path for path in run.rglob(".*") if path.name != ".lock"] == []
    assert files.hidden(run / "x").name == ".x.part"
