"""How long a run trains: it is made longer, finished where it stands, limited in time, stopped early."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from tiny_runs import assert_same, finish, journal, manifest, tiny

from ganzoo.proving.proof import contents
from ganzoo.training.evaluation import BestScore, waited_since
from ganzoo.training.trainer import Trainer

#: With these, nothing of step 12 is due but for its being the last one.
ODD = ["--set=train.log_every=5", "--set=train.sample_every=5", "--set=train.evaluate_every=5"]
BEST = [*ODD, "--set=train.best=sliced_wasserstein", "--set=train.keep_checkpoints=3"]
LONGER = "--set=phases.train.steps=16"


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A finished run of 12 steps."""
    return _made(tmp_path_factory, "run", *BEST)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was to have 16 steps from its start."""
    return _made(tmp_path_factory, "run", *BEST, LONGER)


def _made(factory, name, *more):
    runs = factory.mktemp("runs")
    code, _, err = finish(tiny(runs, name, *more))
    assert code == 0, err
    return runs / name


@pytest.fixture
def run(short, tmp_path):
    """A copy of the finished run that a test may change."""
    return shutil.copytree(short, tmp_path / "run")


def stopped_after(ganzoo, runs, steps, monkeypatch, *more):
    """Return a run that was killed after its checkpoint of so many steps."""
    save = Trainer.save

    def save_and_die(self, done, *arguments):
        save(self, done, *arguments)
        if done == steps:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        assert ganzoo(*tiny(runs, "run", *more)).code == 130
    return runs / "run"


# -- longer ------------------------------------------------------------------------------------------------------------


def test_a_finished_run_that_is_made_longer_is_the_longer_run_file_by_file(ganzoo, run, whole):
    done = ganzoo("run", run, LONGER)
    assert done.code == 0, done.err
    assert "the run now ends after step 16, no longer after step 12" in done.out
    assert "held-out data after 16 steps" in done.out
    assert contents(run) == contents(whole)


def test_a_finished_run_is_made_longer_by_its_recipe_too(ganzoo, run, whole):
    done = ganzoo(*tiny(run.parent, "run", *BEST, LONGER))
    assert done.code == 0, done.err
    assert contents(run) == contents(whole)


@pytest.mark.parametrize("first", ["longer", "as it was"])
def test_a_run_that_was_killed_is_made_longer_to_the_same_bytes(ganzoo, tmp_path, whole, monkeypatch, first):
    killed = stopped_after(ganzoo, tmp_path, 5, monkeypatch, *BEST)
    if first == "as it was":
        assert ganzoo("run", killed).code == 0
    assert ganzoo("run", killed, LONGER).code == 0
    assert contents(killed) == contents(whole)


def test_a_longer_run_that_is_killed_before_its_next_checkpoint_forgets_nothing(ganzoo, run, whole, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        assert ganzoo("run", run, LONGER).code == 130
    assert manifest(run)["status"] == "running"
    assert ganzoo("run", run).code == 0
    assert contents(run) == contents(whole)


def test_an_unfinished_run_is_made_shorter(ganzoo, tmp_path, short, monkeypatch):
    killed = stopped_after(ganzoo, tmp_path, 10, monkeypatch, *BEST, LONGER)
    assert ganzoo("run", killed, "--set=phases.train.steps=12").code == 0
    assert contents(killed) == contents(short)


@pytest.mark.parametrize("steps", [12, 11, 3])
def test_an_end_that_the_run_is_past_is_refused_with_the_change_and_the_ways_out(ganzoo, whole, steps, tmp_path):
    run = shutil.copytree(whole, tmp_path / "run")
    before = contents(run)
    refused = ganzoo("run", run, f"--set=phases.train.steps={steps}")
    assert refused.code == 5
    assert "has done 16 steps already" in refused.err
    assert f"\n  phases.train.steps: 16 -> {steps}\n" in refused.err
    assert f"ganzoo finish {run}" in refused.err
    assert contents(run) == before


def test_another_phase_keeps_its_length_and_is_named(ganzoo, tmp_path):
    arguments = [part for part in tiny(tmp_path, "run") if "phases" not in part]
    assert ganzoo(*arguments, "--set=phases=[{name='first', steps=2}, {name='second', steps=2}]").code == 0
    refused = ganzoo("run", tmp_path / "run", "--set=phases.first.steps=3", "--set=phases.second.steps=9")
    assert refused.code == 5
    assert "\n  phases.first.steps: 2 -> 3\n" in refused.err
    assert "phases.second" not in refused.err
    assert ganzoo("run", tmp_path / "run", "--set=phases.second.steps=3").code == 0
    assert [(line["step"], line["phase"]) for line in journal(tmp_path / "run")][-2:] == [(4, "second"), (5, "second")]


# -- finish ------------------------------------------------------------------------------------------------------------


def test_a_stopped_run_is_finished_where_it_stands_and_still_resumes_to_the_same_bytes(
    ganzoo, tmp_path, short, monkeypatch
):
    killed = stopped_after(ganzoo, tmp_path, 5, monkeypatch, *BEST)
    before = contents(killed)
    done = ganzoo("finish", killed)
    assert done.code == 0, done.err
    assert "held-out data after 5 steps" in done.out
    assert f"after step 5 of 12; ganzoo run {killed} resumes the run" in done.out.replace("\n", " ")
    assert json.loads((killed / "evaluation.json").read_text())["step"] == 5
    now = contents(killed)
    assert set(now) - set(before) == {"evaluation.json", "generator.keras"}
    assert {path: now[path] for path in before} == before
    assert ganzoo("run", killed).code == 0
    assert contents(killed) == contents(short)


def test_the_networks_of_a_run_finished_early_are_those_of_a_run_of_that_length(ganzoo, tmp_path, short, monkeypatch):
    killed = stopped_after(ganzoo, tmp_path, 12, monkeypatch, *BEST, LONGER, "--set=train.checkpoint_every=4")
    assert ganzoo("finish", killed).code == 0
    for name in ("generator.keras", "evaluation.json"):
        assert (killed / name).read_bytes() == (short / name).read_bytes()


def test_finishing_writes_nothing_to_a_finished_run_and_needs_a_checkpoint(ganzoo, tmp_path, run, monkeypatch):
    before = contents(run)
    done = ganzoo("finish", run)
    assert (done.code, contents(run)) == (0, before)
    assert "finished already" in done.out
    empty = stopped_after(ganzoo, tmp_path / "other", 5, monkeypatch)
    shutil.rmtree(empty / "checkpoints")
    assert "has no checkpoint yet" in ganzoo("finish", empty).err


# -- a limit of time ---------------------------------------------------------------------------------------------------


def test_a_run_whose_time_is_over_leaves_networks_and_scores_and_resumes_to_the_same_bytes(
    ganzoo, tmp_path, short, monkeypatch
):
    real, step = time.monotonic, Trainer.score

    def an_hour_later(self, done):
        step(self, done)
        if done == 6:
            patch.setattr("ganzoo.training.callbacks.time.monotonic", lambda: real() + 3600)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "score", an_hour_later)
        limited = ganzoo(*tiny(tmp_path, "run", *BEST, "--set=train.evaluate_every=6", "--time-limit", "59m"))
    assert limited.code == 0, limited.err
    assert "the time is over after step 7 of 12" in limited.out
    assert f"ganzoo run {tmp_path / 'run'} resumes the run" in limited.out
    assert "held-out data after 7 steps" in limited.out
    assert (tmp_path / "run" / "generator.keras").is_file()
    assert manifest(tmp_path / "run")["status"] == "running"
    assert ganzoo(*tiny(tmp_path, "run", *BEST, "--set=train.evaluate_every=6")).code == 0
    assert_same(tmp_path / "run", short)


def test_a_limit_that_is_not_reached_changes_nothing(ganzoo, tmp_path, short):
    assert ganzoo(*tiny(tmp_path, "run", *BEST, "--time-limit", "2h")).code == 0
    assert contents(tmp_path / "run") == contents(short)


@pytest.mark.parametrize("text", ["30", "m", "-5s", "1d", "30 m"])
def test_a_time_without_a_unit_is_refused(ganzoo, tmp_path, text):
    refused = ganzoo(*tiny(tmp_path, "run", "--time-limit", text))
    assert refused.code == 2
    assert "90s, 30m or 2h" in refused.err
    assert not (tmp_path / "run").exists()


# -- stopped early -----------------------------------------------------------------------------------------------------

PATIENT = ["--set=train.evaluate_every=3", "--set=train.best=sliced_wasserstein", "--set=train.patience=2"]
WHY = "after step 9 of 12: no sliced_wasserstein was better than after step 3 (train.patience)"


@pytest.fixture
def stuck(monkeypatch):
    """No evaluation gives a better score than the first."""
    from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein

    monkeypatch.setattr(SlicedWasserstein, "result", lambda _self: {"sliced_wasserstein": 1.0})


def test_a_run_whose_patience_is_over_is_finished_where_it_stopped_and_says_why(ganzoo, tmp_path, stuck):
    done = ganzoo(*tiny(tmp_path, "run", *PATIENT))
    assert done.code == 0, done.err
    assert f"stopped early {WHY}" in done.out
    assert "held-out data after 9 steps" in done.out
    run = tmp_path / "run"
    assert (manifest(run)["status"], manifest(run)["stopped_early"]) == ("finished", WHY)
    assert [line["step"] for line in journal(run)] == list(range(1, 10))
    assert [path.name for path in (run / "best").iterdir()] == ["step-000000003"]
    assert json.loads((run / "evaluation.json").read_text())["step"] == 9
    before = contents(run)
    again = ganzoo(*tiny(tmp_path, "run", *PATIENT))
    assert f"nothing to train; it stopped early {WHY}" in again.out
    assert contents(run) == before


def test_the_networks_of_a_run_stopped_early_are_the_newest(ganzoo, tmp_path, stuck):
    ganzoo(*tiny(tmp_path, "early", *PATIENT))
    ganzoo(*tiny(tmp_path, "nine", "--set=phases.train.steps=9"))
    assert_same(tmp_path / "early", tmp_path / "nine")


@pytest.mark.parametrize("steps", [5, 9])
def test_a_run_that_was_killed_stops_early_at_the_same_step_with_the_same_bytes(
    ganzoo, tmp_path, stuck, monkeypatch, steps
):
    ganzoo(*tiny(tmp_path / "whole", "run", *PATIENT))
    killed = stopped_after(ganzoo, tmp_path, steps, monkeypatch, *PATIENT)
    assert ganzoo("run", killed).code == 0
    assert contents(killed) == contents(tmp_path / "whole" / "run")


def test_more_patience_trains_on_as_if_it_had_been_there_from_the_start(ganzoo, tmp_path, stuck):
    more = "--set=train.patience=9"
    ganzoo(*tiny(tmp_path / "whole", "run", *PATIENT, more))
    ganzoo(*tiny(tmp_path, "run", *PATIENT))
    assert ganzoo("run", tmp_path / "run", more).code == 0
    assert contents(tmp_path / "run") == contents(tmp_path / "whole" / "run")
    assert "stopped_early" not in manifest(tmp_path / "run")


def test_a_run_stopped_early_that_is_made_longer_is_the_longer_run_stopped_early(ganzoo, tmp_path, stuck):
    ganzoo(*tiny(tmp_path / "whole", "run", *PATIENT, LONGER))
    ganzoo(*tiny(tmp_path, "run", *PATIENT))
    assert ganzoo("run", tmp_path / "run", LONGER).code == 0
    assert manifest(tmp_path / "run")["stopped_early"] == WHY.replace("12", "16")
    assert contents(tmp_path / "run") == contents(tmp_path / "whole" / "run")


@pytest.mark.parametrize("given", [[], ["--set=train.evaluate_every=3"], ["--set=train.best=sliced_wasserstein"]])
def test_patience_without_a_score_to_wait_for_is_refused(ganzoo, given):
    refused = ganzoo("check", "gaussians_ring", "--set=train.patience=2", *given)
    assert refused.code == 2
    absent = {"train.evaluate_every", "train.best"} - {
        option.removeprefix("--set=").partition("=")[0] for option in given
    }
    assert "train.patience: is 2: needs " in refused.err
    assert all(key in refused.err.partition("needs ")[2] for key in absent)


def line(step, value, *, larger=False):
    return {"step": step, "scores": {"generator": {"fid": value}}, "larger_is_better": {"fid": larger}}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], (0, 0)),
        ([line(0, 1.0), line(2, 5.0)], (2, 0)),
        ([line(2, 5.0), line(4, 4.0), line(6, 4.0), line(8, 9.0)], (4, 2)),
        ([line(2, 5.0, larger=True), line(4, 4.0, larger=True), line(6, 6.0, larger=True)], (6, 0)),
        ([line(2, 5.0), line(4, None), {"step": 6, "scores": {"generator": {"other": 1.0}}}], (2, 1)),
    ],
)
def test_evaluations_without_a_better_score_are_counted_from_the_lines_alone(lines, expected):
    assert waited_since(lines, BestScore.parse("fid", "generator")) == expected
