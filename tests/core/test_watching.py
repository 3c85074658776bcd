"""Callbacks of a recipe: they watch a run, decide no weight, and harm nothing when they fail."""

from __future__ import annotations

import csv

import pytest
from packages import install
from tiny_runs import assert_same, journal, tiny

from ganzoo.proving.proof import contents
from ganzoo.training.trainer import Trainer

SOURCE = """
from dataclasses import dataclass
from typing import Literal

import ganzoo

GANZOO_API = "1"
EVENTS = []


@dataclass(frozen=True, kw_only=True)
class Watcher(ganzoo.Callback):
    \"\"\"Notes what it is told; may fail.\"\"\"

    fails: str = ""
    error: Literal["ValueError", "SystemExit", "MemoryError", "GeneratorExit"] = "ValueError"

    def fail(self, moment):
        if self.fails == moment:
            raise {"ValueError": ValueError, "SystemExit": SystemExit, "MemoryError": MemoryError,
                   "GeneratorExit": GeneratorExit}[self.error]("on purpose")

    def check(self):
        if self.fails == "check":
            raise ganzoo.BackendError("the package 'nowhere' is missing; pip install nowhere")

    def build(self, folder):
        import keras
        import torch

        self.fail("build")
        (folder / "note.txt").write_text("mine")
        note = self

        class Noted(keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                note.fail("on_train_begin")
                EVENTS.append(("begin", self.model.step))

            def on_train_batch_end(self, batch, logs=None):
                note.fail("on_train_batch_end")
                assert all(type(value) is float for value in logs.values())
                EVENTS.append(("step", batch, self.model.phase, sorted(logs)))
                torch.manual_seed(7)
                self.model.networks["generator"](torch.zeros(2, 16))
                logs.clear()
                self.model.stop_training = True

            def on_epoch_end(self, epoch, logs=None):
                note.fail("on_epoch_end")
                assert logs, "another callback's changes are its own"
                EVENTS.append(("epoch", epoch))

            def on_train_end(self, logs=None):
                note.fail("on_train_end")
                EVENTS.append(("end",))

        return Noted()


@dataclass(frozen=True, kw_only=True)
class Logger(ganzoo.Callback):
    \"\"\"An ordinary callback of Keras.\"\"\"

    def build(self, folder):
        import keras

        return keras.callbacks.CSVLogger(str(folder / "log.csv"))


@ganzoo.hookimpl
def ganzoo_register_callbacks():
    return {"watcher": Watcher, "logger": Logger}
"""


@pytest.fixture
def events(tmp_path, monkeypatch):
    """What an installed watcher was told."""
    install(tmp_path / "site", "watching", SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(__import__("sys").modules, "ganzoo_watching", raising=False)
    from ganzoo import load_zoo

    load_zoo()
    return __import__("ganzoo_watching").EVENTS


def watching(*tables):
    return f"--set=callbacks=[{', '.join(tables)}]"


CSV = "{name='csv', every=5}"


def test_a_callback_is_told_at_its_own_pace_and_after_the_last_step(ganzoo, tmp_path, events):
    assert ganzoo(*tiny(tmp_path, "mine", watching("{name='watcher', every=5}"))).code == 0
    assert [event[:2] for event in events] == [
        *(("begin", 0), ("step", 5), ("epoch", 5), ("step", 10), ("epoch", 10), ("step", 12), ("epoch", 12)),
        ("end",),
    ]
    assert events[1][2] == "train"
    assert "generator/total" in events[1][3]


def test_an_ordinary_callback_of_keras_can_be_wrapped(ganzoo, tmp_path, events):
    assert ganzoo(*tiny(tmp_path, "mine", watching("{name='logger', every=5}"))).code == 0
    text = (tmp_path / "mine" / "callbacks" / "logger" / "log.csv").read_text()
    found = list(csv.DictReader(text.splitlines()))
    assert [row["epoch"] for row in found] == ["5", "10", "12"]
    lines = {line["step"]: line for line in journal(tmp_path / "mine")}
    assert [float(row["generator/total"]) for row in found] == [lines[step]["generator/total"] for step in (5, 10, 12)]


def test_without_a_pace_of_its_own_it_is_told_when_losses_are_logged(ganzoo, tmp_path, events):
    assert ganzoo(*tiny(tmp_path, "mine", "--set=train.log_every=6", watching("{name='watcher'}"))).code == 0
    assert [event[1] for event in events if event[0] == "step"] == [6, 12]


def test_a_run_has_the_same_bytes_with_and_without_callbacks(ganzoo, tmp_path, events):
    ganzoo(*tiny(tmp_path, "alone"))
    ganzoo(
        *tiny(tmp_path, "watched", watching("{name='watcher', every=1}", CSV, "{name='csv', label='often', every=1}"))
    )
    assert_same(tmp_path / "alone", tmp_path / "watched")
    recipe_and_manifest = {"recipe.toml", "manifest.json"}
    one, other = (contents(tmp_path / name) for name in ("alone", "watched"))
    assert {name for name in one | other if one.get(name) != other.get(name)} <= recipe_and_manifest
    assert sorted(path.name for path in (tmp_path / "watched" / "callbacks").iterdir()) == ["csv", "often", "watcher"]


@pytest.mark.parametrize("error", ["ValueError", "SystemExit", "MemoryError", "GeneratorExit"])
@pytest.mark.parametrize("moment", ["build", "on_train_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"])
def test_whatever_a_callback_raises_is_told_once_and_costs_its_output_only(ganzoo, tmp_path, events, moment, error):
    failing = f"{{name='watcher', label='broken', fails='{moment}', error='{error}', every=1}}"
    more = ["--set=phases.train.steps=3", "--set=validation.count=16", "--set=metrics=[]", watching(failing, CSV)]
    done = ganzoo(*tiny(tmp_path, "mine", *more))
    assert done.code == 0, done.err
    told = [line for line in (done.out + done.err).splitlines() if "broken" in line]
    assert len(told) == 1
    step = {"build": 0, "on_train_begin": 0, "on_train_end": 3}.get(moment, 1)
    origin = "callback 'broken' of plugin 'watching' (ganzoo-watching 1.2)"
    assert f"{origin}, step {step}: {error}" in done.out + done.err
    assert len(journal(tmp_path / "mine")) == 3
    assert (tmp_path / "mine" / "callbacks" / "csv" / "losses.csv").is_file(), "the next one goes on"


def test_what_a_callback_lacks_is_told_before_anything_is_written(ganzoo, tmp_path, events):
    refused = ganzoo(*tiny(tmp_path, "mine", watching("{name='watcher', fails='check'}")))
    assert refused.code == 9
    assert "pip install nowhere" in refused.err
    assert not (tmp_path / "mine").exists()


def test_a_label_never_leads_out_of_the_run_folder(ganzoo, tmp_path, events):
    done = ganzoo(*tiny(tmp_path, "mine", watching("{name='watcher', label='../../outside'}")))
    assert done.code == 0
    assert [path.parent.name for path in tmp_path.rglob("note.txt")] == ["outside"]
    assert next(tmp_path.rglob("note.txt")).is_relative_to(tmp_path / "mine" / "callbacks")


def test_a_linked_folder_is_not_written_through(ganzoo, tmp_path, events, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    begin = Trainer.draw

    def link(self, done):
        if not done:
            (self.run.path / "callbacks").symlink_to(tmp_path / "elsewhere")
        begin(self, done)

    monkeypatch.setattr(Trainer, "draw", link)
    done = ganzoo(*tiny(tmp_path, "mine", watching("{name='watcher'}")))
    assert done.code == 0
    assert "is outside the run folder" in done.out + done.err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def rows(run):
    return list(csv.DictReader((run / "callbacks" / "csv" / "losses.csv").read_text().splitlines()))


def test_the_table_of_losses_is_that_of_the_journal_also_of_a_run_that_goes_on(ganzoo, tmp_path, monkeypatch):
    every = watching("{name='csv', every=1}")
    ganzoo(*tiny(tmp_path, "whole", every))
    save = Trainer.save

    def save_and_die(self, number, *arguments):
        save(self, number, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        ganzoo(*tiny(tmp_path, "stopped", every))
    table = tmp_path / "stopped" / "callbacks" / "csv" / "losses.csv"
    table.write_text(table.read_text() + "9,train,1.0\n7")  # beyond the checkpoint, and cut short
    assert ganzoo(*tiny(tmp_path, "stopped", every)).code == 0
    assert rows(tmp_path / "stopped") == rows(tmp_path / "whole")
    for row, line in zip(rows(tmp_path / "whole"), journal(tmp_path / "whole"), strict=True):
        assert {name: str(value) for name, value in line.items()} == {name: text for name, text in row.items() if text}


def test_callbacks_may_change_when_a_run_goes_on(ganzoo, tmp_path, monkeypatch, events):
    ganzoo(*tiny(tmp_path, "whole"))
    save = Trainer.save

    def save_and_die(self, number, *arguments):
        save(self, number, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        ganzoo(*tiny(tmp_path, "stopped", watching(CSV)))
    again = ganzoo(*tiny(tmp_path, "stopped", watching("{name='watcher', every=6}")))
    assert again.code == 0, again.err
    assert_same(tmp_path / "whole", tmp_path / "stopped")
    assert events[0] == ("begin", 5)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("{name='csvv'}", "callbacks.0.name: there is no callback 'csvv' (did you mean 'csv'?)"),
        ("{name='csv', evry=1}", "callbacks.0.evry: unknown key 'evry' (did you mean 'every'?)"),
        ("{name='csv', every=0}", "callbacks.0.every: is 0"),
    ],
)
def test_a_mistake_in_a_callback_is_told(ganzoo, tmp_path, table, expected):
    refused = ganzoo(*tiny(tmp_path, "mine", watching(table)))
    assert refused.code == 2
    assert expected in refused.err
