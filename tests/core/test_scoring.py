"""Scores belong to states: killed anywhere, a run ends with the same lines, the same best state, the same table."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
from ganzoo_generation.generation import Generation
from ganzoo_metrics.mode_coverage import ModeCoverage
from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein
from tiny_runs import last_state, manifest, tiny

from ganzoo import Result
from ganzoo.errors import RecipeError
from ganzoo.proving.proof import contents
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.runs.journal import Journal
from ganzoo.runs.names import UniqueStems
from ganzoo.training import trainer as trainer_module
from ganzoo.training.trainer import Trainer

BEST = ["--set=train.evaluate_every=2", "--set=train.best=sliced_wasserstein"]


def lines(run):
    return [json.loads(line) for line in (run / "scores.jsonl").read_text().splitlines()]


def table(run):
    return json.loads((run / "evaluation.json").read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    from tiny_runs import finish

    runs = tmp_path_factory.mktemp("runs")
    assert finish(tiny(runs, "whole", *BEST))[0] == 0
    return runs / "whole"


def test_every_score_of_a_run_says_what_decided_it_and_which_state_it_is_of(whole):
    for record in [*lines(whole), table(whole)]:
        names = {name for row in record["scores"].values() for name in row}
        assert set(record["identity"]) == names
        assert all(found["reference.name"] == "data/gaussians" for found in record["identity"].values())
        assert record["provenance"]["step"] == record["step"]
    hashes = [record["provenance"]["weights_sha256"] for record in lines(whole)]
    assert len(set(hashes)) == len(hashes)


def die_at(monkeypatch, owner, name, count):
    """Let the call with this number, counted from 1, kill the run; return the list of calls."""
    original, calls = getattr(owner, name), []

    def dying(*arguments, **options):
        calls.append(arguments)
        if len(calls) == count:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, dying)
    return calls


#: Where a kill falls between a state, its checkpoint, its score, the best state and the line that says so.
PLACES = {
    "before a state is scored": (Trainer, "score"),
    "while a state is scored": (SlicedWasserstein, "update"),
    "between the score and the best state": (Trainer, "keep_best"),
    "before any state is saved": (CheckpointStore, "_write"),
    "before a best state is dropped": (CheckpointStore, "drop"),
    "between the best state and the line": (trainer_module, "scores_record"),
    "before a line is written": (Journal, "append"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_run_that_is_killed_around_a_score_ends_in_the_same_files(ganzoo, tmp_path, monkeypatch, whole, place):
    owner, name = PLACES[place]
    count, died = 1, 0
    while True:
        with monkeypatch.context() as patch:
            calls = die_at(patch, owner, name, count)
            ended = ganzoo(*tiny(tmp_path, "whole", *BEST, "--set=data.count=64"))
        if len(calls) < count:
            break
        assert ended.code == 130, ended.err
        died += 1
        # each process gets a little further, so that kills fall on every state
        count = count + 1 if died % 2 else max(1, count - 1)
        if died > 5:
            count = 1000
    assert died >= 2
    assert ended.code == 0, ended.err
    assert contents(tmp_path / "whole") == contents(whole)


def test_the_last_step_is_scored_once_and_like_any_other(ganzoo, tmp_path, monkeypatch, whole):
    written = lines(whole)
    assert [line["step"] for line in written] == [0, 2, 4, 6, 8, 10, 12]
    assert written[-1] == table(whole)
    by_step = {line["step"]: line["scores"]["generator"]["sliced_wasserstein"] for line in written if line["step"]}
    assert [path.name for path in (whole / "best").iterdir()] == [f"step-{min(by_step, key=by_step.get):09d}"]


def test_a_best_state_that_a_resume_undoes_gives_way_to_the_one_before(ganzoo, tmp_path, monkeypatch):
    def run(name, *more):
        return ganzoo(*tiny(tmp_path, name, "--set=train.best=sliced_wasserstein", *more))

    with monkeypatch.context() as patch:
        save = Trainer.save

        def die_late(self, done, *arguments):
            save(self, done, *arguments)
            if done == 7:
                raise KeyboardInterrupt

        patch.setattr(Trainer, "save", die_late)
        scored = iter([0.0, 9.0, 8.0, 5.0, 7.0, 6.0, 4.0, 3.0])
        patch.setattr(SlicedWasserstein, "result", _one_for_each_state(scored))
        assert run("run", "--set=train.evaluate_every=1").code == 130
    assert [path.name for path in sorted((tmp_path / "run" / "best").iterdir())] == ["step-000000003", "step-000000007"]
    monkeypatch.setattr(SlicedWasserstein, "result", lambda _self: {"sliced_wasserstein": 8.0})
    assert run("run", "--set=train.evaluate_every=50").code == 0
    assert [path.name for path in (tmp_path / "run" / "best").iterdir()] == ["step-000000003"]


def _one_for_each_state(values):
    """Return `result` that gives one value to both rows of each scored state; the first call is the rehearsal."""
    state = {"calls": 0, "value": 1.0}

    def result(_self):
        if state["calls"] > 0 and state["calls"] % 2 == 1:
            state["value"] = next(values)
        state["calls"] += 1
        return {"sliced_wasserstein": state["value"]}

    return result


def test_another_row_can_choose_the_best(ganzoo, tmp_path):
    best = ["--set=train.evaluate_every=4", "--set=train.best=real/sliced_wasserstein"]
    assert ganzoo(*tiny(tmp_path, "run", *best)).code == 0
    facts = json.loads(next((tmp_path / "run" / "best").glob("*/manifest.json")).read_text())["facts"]
    assert facts["name"] == "real/sliced_wasserstein"


# -- metrics that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["build", "update", "result"])
def test_a_metric_that_fails_costs_its_own_cell_and_nothing_else(ganzoo, tmp_path, monkeypatch, moment):
    def fail(*_):
        raise KeyError("label")

    monkeypatch.setattr(ModeCoverage, moment, fail)
    done = ganzoo(*tiny(tmp_path, "run", "--set=train.evaluate_every=6"))
    assert done.code == 0, done.err
    assert manifest(tmp_path / "run")["status"] == "finished"
    told = [line for line in done.out.splitlines() if "its scores are missing" in line]
    assert len(told) == 1
    assert "metric 'mode_coverage' of plugin 'metrics' (keras-ganzoo" in told[0]
    assert "KeyError: 'label'" in told[0]
    assert table(tmp_path / "run")["scores"]["generator"]["mode_coverage"] is None
    assert table(tmp_path / "run")["scores"]["generator"]["sliced_wasserstein"] > 0
    assert "failed" in done.out
    again = ganzoo("run", tmp_path / "run")
    assert "finished already" in again.out
    assert "failed" in again.out


def test_a_stop_inside_a_metric_is_a_stop(ganzoo, tmp_path, monkeypatch):
    monkeypatch.setattr(ModeCoverage, "update", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    assert ganzoo(*tiny(tmp_path, "run")).code == 75


def test_a_score_that_is_not_a_number_is_never_the_best(ganzoo, tmp_path, monkeypatch):
    monkeypatch.setattr(SlicedWasserstein, "result", lambda _: {"sliced_wasserstein": float("nan")})
    done = ganzoo(*tiny(tmp_path, "run", *BEST))
    assert done.code == 0, done.err
    assert not (tmp_path / "run" / "best").exists()
    assert "has no score 'sliced_wasserstein'" in done.out


def test_a_run_goes_on_with_other_metrics_and_other_held_out_data(ganzoo, tmp_path, monkeypatch):
    assert ganzoo(*tiny(tmp_path, "whole")).code == 0
    with monkeypatch.context() as patch:
        calls = die_at(patch, Trainer, "draw", 2)
        assert ganzoo(*tiny(tmp_path, "run")).code == 130
        assert len(calls) == 2
    other = ['--set=metrics=[{name="sliced_wasserstein", field="point"}]', "--set=validation.count=32"]
    done = ganzoo(*tiny(tmp_path, "run", *other, "--set=train.samples=4"))
    assert done.code == 0, done.err
    assert set(table(tmp_path / "run")["scores"]["generator"]) == {"sliced_wasserstein"}
    one, two = last_state(tmp_path / "whole"), last_state(tmp_path / "run")
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_run_is_evaluated_with_metrics_that_its_recipe_does_not_name(ganzoo, tmp_path):
    only = '--set=metrics=[{name="mode_coverage"}]'
    assert ganzoo(*tiny(tmp_path, "run", only)).code == 0
    options = ["--metric", "sliced_wasserstein", "--set", "sliced_wasserstein.field=point"]
    scored = ganzoo("evaluate", tmp_path / "run", *options, "--json")
    assert scored.code == 0, scored.err
    assert list(json.loads(scored.out)["scores"]["generator"]) == ["sliced_wasserstein"]
    wrong = ganzoo("evaluate", tmp_path / "run", "--metric", "sliced_waserstein")
    assert wrong.code == 2
    assert "did you mean 'sliced_wasserstein'?" in wrong.err


def test_a_recipe_without_metrics_is_told_how_to_name_one(ganzoo, tmp_path):
    assert ganzoo(*tiny(tmp_path, "run", "--set=metrics=[]")).code == 0
    refused = ganzoo("evaluate", tmp_path / "run")
    assert refused.code == 2
    assert "--metric NAME" in refused.err


# -- names -------------------------------------------------------------------------------------------------------------


def showing(names):
    """Return an `evaluate` that yields one picture under each name."""

    def evaluate(_self, _networks, _source, *, rng):
        points = {"point": np.zeros((4, 2), np.float32)}
        for name in names:
            picture = np.zeros((2, 2, 3), np.uint8)
            yield Result(method="generator", output=points, target=points, name=name, picture=picture)

    return evaluate


def test_no_name_leads_out_of_the_run_folder(ganzoo, tmp_path, monkeypatch):
    names = [
        "../../out.png",
        str(tmp_path / "data" / "1.png"),
        "other/1.png",
        "1.PNG",
        "..",
        "",
        ".hidden",
        "a\x1b[31m",
    ]
    names += ["x" * 400, "nul", "C:\\photos\\1.png", "Ü 1.png"]
    monkeypatch.setattr(Generation, "evaluate", showing(names))
    done = ganzoo(*tiny(tmp_path / "runs", "run", "--set=metrics=[{name='mode_coverage'}]"))
    assert done.code == 0, done.err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]
    written = sorted(path.name for path in (tmp_path / "runs" / "run" / "held_out").iterdir())
    assert len(written) == len(names)
    assert {"out-generator.png", "1-generator.png", "1-generator-2.png", "Ü_1-generator.png"} <= {*written}
    assert not [name for name in written if name.startswith(".") or len(name) > 255]


def test_a_component_that_refuses_its_recipe_too_late_is_a_broken_plugin(ganzoo, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise RecipeError("point: needs another field")

    monkeypatch.setattr(Generation, "picture", refuse)
    ended = ganzoo(*tiny(tmp_path, "run"))
    assert ended.code == 3, "code 2 promises that nothing was written"
    assert "needs another field" in ended.err


def test_the_name_of_a_network_leads_nowhere_else():
    stems = UniqueStems()
    assert [stems(name) for name in ("generator", "../generator", "a/b", "", "GENERATOR")] == [
        "generator",
        "generator-2",
        "b",
        "unnamed",
        "GENERATOR-3",
    ]


def test_a_link_out_of_the_run_folder_is_not_followed(ganzoo, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(Generation, "evaluate", showing(["one"]))
    with monkeypatch.context() as patch:
        die_at(patch, Trainer, "draw", 2)
        ganzoo(*tiny(tmp_path, "run"))
    (tmp_path / "run" / "held_out").symlink_to(tmp_path / "elsewhere")
    done = ganzoo("run", tmp_path / "run")
    assert done.code == 0, done.err
    assert "is outside the run folder" in done.out
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_task_may_compare_with_the_training_data(tmp_path, monkeypatch, ganzoo):
    opened = []
    original = Generation.evaluate

    def comparing(self, trained, sources, *, rng):
        opened.append({name: len(source) for name, source in trained.training().items()})
        return original(self, trained, sources, rng=rng)

    monkeypatch.setattr(Generation, "evaluate", comparing)
    assert ganzoo(*tiny(tmp_path, "compared", *BEST, "--set=data.count=64")).code == 0
    assert opened[-1] == {"data": 64}
    opened.clear()
    assert ganzoo("evaluate", str(tmp_path / "compared")).code == 0
    assert opened == [{"data": 64}]
