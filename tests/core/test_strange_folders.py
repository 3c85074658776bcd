"""A run folder that came from somebody else, or went away, ends in one true message."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny_runs import finish, tiny

from ganzoo.commands._progress import RunProgress
from ganzoo.commands._terminal import say, table
from ganzoo.contracts.timeline import Timeline
from ganzoo.training.trainer import Trainer

EVIL = "\x1b[31mred\x07\x1b]0;title\x07" + "x" * 50_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert finish(tiny(runs, "run"))[0] == 0
    return runs / "run"


@pytest.fixture
def run(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def rewrite(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def is_tame(text):
    return all(char.isprintable() or char == "\n" for char in text) and max(map(len, text.splitlines())) < 3000


STRANGE_SCORES = {
    "a list": [],
    "no rows": {"examples": {}},
    "a row without examples": {"scores": {"generator": {"a": 1.0}}, "examples": {}, "larger_is_better": {"a": True}},
    "a score without a direction": {"scores": {"g": {"a": 1.0}}, "examples": {"g": 1}, "larger_is_better": {}},
    "a text for a number": {"scores": {"g": {"a": "1"}}, "examples": {"g": 1}, "larger_is_better": {"a": True}},
    "endless examples": {"scores": {"g": {"a": 1}}, "examples": {"g": 1e999}, "larger_is_better": {"a": True}},
    "a text for a row": {"scores": {"g": EVIL}, "examples": {"g": 1}, "larger_is_better": {}},
    "failures in a number": {"scores": {"g": {}}, "examples": {"g": 1}, "larger_is_better": {}, "failed": {"g": 3}},
}


@pytest.mark.parametrize("content", STRANGE_SCORES.values(), ids=STRANGE_SCORES)
def test_strange_scores_are_one_message(ganzoo, run, content):
    (run / "evaluation.json").write_text(json.dumps(content))
    shown = ganzoo("run", run)
    assert shown.code == 5
    assert "evaluation.json: is damaged" in shown.err
    assert is_tame(shown.err)


def test_names_in_scores_are_escaped_and_cut(ganzoo, run):
    scores = {"scores": {EVIL: {EVIL: 1.0}}, "examples": {EVIL: 1}, "larger_is_better": {EVIL: True}}
    (run / "evaluation.json").write_text(json.dumps(scores))
    shown = ganzoo("run", run)
    assert shown.code == 0
    assert "\\x1b[31mred" in shown.out
    assert is_tame(shown.out)


def field(key, value):
    return lambda manifest: manifest["data"]["streams"]["data"]["fields"]["point"].__setitem__(key, value)


STRANGE_MANIFESTS = {
    "a huge shape": field("shape", [2, 10**12]),
    "a shape of texts": field("shape", ["2"]),
    "a negative shape": field("shape", [-2]),
    "a shape that is a number": field("shape", 2),
    "a type in a list": field("dtype", ["float32"]),
    "an unknown type": field("dtype", EVIL),
    "a limit in a list": field("low", [0]),
    "a limit beyond all floats": field("low", 10**400),
    "a field that is a text": lambda manifest: manifest["data"]["streams"]["data"]["fields"].__setitem__("point", EVIL),
    "data in a list": lambda manifest: manifest.__setitem__("data", []),
    "an environment in a text": lambda manifest: manifest.__setitem__("environment", EVIL),
    "a drift that is a number": lambda manifest: manifest.__setitem__("drift", 3),
}


@pytest.mark.parametrize("change", STRANGE_MANIFESTS.values(), ids=STRANGE_MANIFESTS)
def test_a_strange_manifest_is_one_message(ganzoo, run, tmp_path, change):
    rewrite(run / "manifest.json", change)
    refused = ganzoo("sample", run, "-o", tmp_path / "points.csv")
    assert refused.code == 5, refused.err
    assert "manifest.json" in refused.err
    assert is_tame(refused.err)


def test_names_in_a_manifest_and_a_recipe_are_escaped_and_cut(ganzoo, run):
    rewrite(run / "manifest.json", lambda manifest: manifest["environment"].__setitem__(EVIL, EVIL))
    rewrite(run / "manifest.json", lambda manifest: manifest.__setitem__("status", "running"))
    recipe = run / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("does it find", r"\u001B[31m\u0007 does it find"))
    refused = ganzoo("run", run)
    assert refused.code == 5, refused.err
    assert "changed" in refused.err
    assert is_tame(refused.err)
    assert is_tame(refused.out)


def test_a_checkpoint_without_facts_is_no_rival(ganzoo, tmp_path, monkeypatch):
    save, best = Trainer.save, ["--set=train.evaluate_every=2", "--set=train.best=sliced_wasserstein"]

    def save_and_die(self, done, *arguments):
        save(self, done, *arguments)
        if done == 10:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        assert ganzoo(*tiny(tmp_path, "run", *best)).code == 130
    for path in (tmp_path / "run" / "best").glob("*/manifest.json"):
        rewrite(path, lambda manifest: manifest.__setitem__("facts", [EVIL]))
    assert ganzoo(*tiny(tmp_path, "run", *best)).code == 0


@pytest.mark.parametrize("moment", ["draw", "save", "append"])
def test_a_run_folder_that_is_removed_is_told_and_nothing_is_called_safe(ganzoo, tmp_path, monkeypatch, moment):
    original = getattr(Trainer, moment)

    def remove_first(self, *arguments):
        if self.model.step_number == 5:
            shutil.rmtree(self.run.path)
        return original(self, *arguments)

    monkeypatch.setattr(Trainer, moment, remove_first)
    ended = ganzoo(*tiny(tmp_path, "run", "--set=train.sample_every=5"))
    assert ended.code == 7
    assert "the run folder was removed or moved" in ended.err
    assert "saved" not in ended.err
    assert "intact" not in ended.err + ended.out
    assert list(tmp_path.iterdir()) == []


def test_what_is_printed_is_escaped(capsys):
    say(EVIL)
    RunProgress(Timeline([("train", 1)]), {}).note(EVIL)
    made = table(EVIL, [EVIL], [[EVIL]])
    assert is_tame(capsys.readouterr().out)
    assert "\x1b" not in str(made.title) + str(made.columns[0].header)
