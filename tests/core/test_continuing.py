"""A run goes on as it began, or says what changed; a new run can start from the weights of another."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tiny_runs import assert_same, finish, journal, last_state, manifest, tiny

from ganzoo.proving.proof import contents
from ganzoo.runs import environment as environment_module
from ganzoo.training import launch
from ganzoo.training.trainer import Trainer


@pytest.fixture
def stopped(ganzoo, tmp_path, monkeypatch):
    """A run that was broken off after step 5."""
    stop_after_save(ganzoo, tmp_path, "stopped", monkeypatch)
    return tmp_path / "stopped"


def stop_after_save(ganzoo, runs, name, monkeypatch, *more):
    save = Trainer.save

    def save_and_die(self, done, *arguments):
        save(self, done, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        assert ganzoo(*tiny(runs, name, *more)).code == 130


def in_another_environment(monkeypatch, **changes):
    real = environment_module.environment
    monkeypatch.setattr(launch, "environment", lambda plugins: {**real(plugins), **changes})


def test_what_decides_no_weight_may_change_at_a_resume(ganzoo, tmp_path, stopped):
    ganzoo(*tiny(tmp_path, "whole"))
    cadence = ["--set=train.workers=2", "--set=train.checkpoint_every=4", "--set=train.keep_checkpoints=3"]
    again = ganzoo(*tiny(tmp_path, "stopped", *cadence))
    assert again.code == 0, again.err
    assert_same(tmp_path / "whole", stopped)
    assert "keep_checkpoints = 3" in (stopped / "recipe.toml").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"threads": 7}, "environment.threads: 1 -> 7"),
        ({"packages": {"torch": "9.9"}}, "environment.packages.torch:"),
        ({"device": {"name": "NVIDIA H200"}}, "environment.device.name: (absent) -> NVIDIA H200"),
    ],
)
def test_another_environment_is_refused_with_the_difference_and_the_ways_out(
    ganzoo, stopped, monkeypatch, change, told
):
    in_another_environment(monkeypatch, **change)
    before = contents(stopped)
    refused = ganzoo("run", stopped)
    assert refused.code == 5
    assert told.partition(":")[0] in refused.err
    assert told.rpartition(" -> ")[2] in refused.err
    assert "--allow-drift" in refused.err
    assert "--fork" in refused.err
    assert contents(stopped) == before


def test_a_change_that_is_allowed_is_stamped_on_the_run(ganzoo, stopped, monkeypatch):
    in_another_environment(monkeypatch, threads=7)
    done = ganzoo("run", stopped, "--allow-drift")
    assert done.code == 0, done.err
    stamp = manifest(stopped)["drift"]
    assert [entry["after_step"] for entry in stamp] == [5]
    assert any("threads" in change for change in stamp[0]["changes"])
    assert manifest(stopped)["status"] == "finished"


def test_other_data_are_refused_with_the_difference(ganzoo, stopped, monkeypatch):
    from ganzoo_data.gaussians import Gaussians

    opened = Gaussians.open

    def open_others(self):
        source = opened(self)
        source.fingerprint = lambda: "others"
        return source

    monkeypatch.setattr(Gaussians, "open", open_others)
    refused = ganzoo("run", stopped)
    assert refused.code == 5
    assert "data.fingerprint" in refused.err


def test_the_manifest_names_the_plugins_in_use_and_their_code(stopped):
    plugins = manifest(stopped)["environment"]["plugins"]
    used = {name for name, plugin in plugins.items() if plugin["used"]}
    assert used == {"data", "generation", "losses", "metrics", "mlp", "optimizers", "regularizers"}
    assert "srgan" in plugins, "it was imported, used or not"
    assert all(len(plugin["code"]) == 16 for plugin in plugins.values())


def test_a_plugin_whose_code_changed_is_another_environment(tmp_path, monkeypatch, ganzoo, stopped):
    real = environment_module._plugin_code
    monkeypatch.setattr(environment_module, "_plugin_code", lambda m: "other" if m == "ganzoo_losses" else real(m))
    refused = ganzoo("run", stopped)
    assert refused.code == 5
    assert "environment.plugins.losses.code" in refused.err


def test_every_checkpoint_says_in_which_environment_it_was_made(stopped):
    made = json.loads(next((stopped / "checkpoints").glob("*/manifest.json")).read_text())
    assert made["facts"]["environment"] == manifest(stopped)["environment"]


def test_a_finished_run_needs_no_environment(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "run"))
    in_another_environment(monkeypatch, threads=7)
    again = ganzoo(*tiny(tmp_path, "run"))
    assert again.code == 0
    assert "finished already" in again.out
    assert "modes_covered" in again.out, "the scores are shown again"


# -- weights of another run --------------------------------------------------------------------------------------------


def networks(run, prefix="networks/"):
    return {name: value for name, value in last_state(run).items() if name.startswith(prefix)}


def no_training(monkeypatch):
    def refuse(_self, _first, _stop, *, until):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "train", refuse)


def test_a_fork_starts_from_the_networks_and_nothing_else(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "old"))
    with monkeypatch.context() as patch:
        no_training(patch)
        ganzoo(*tiny(tmp_path, "new", "--fork", tmp_path / "old", "--set", "regularizers.r1.gamma=3"))
    old, new = last_state(tmp_path / "old"), last_state(tmp_path / "new")
    assert all(np.array_equal(old[name], new[name]) for name in networks(tmp_path / "old"))
    assert not np.array_equal(old["optimizers/generator/0000"], new["optimizers/generator/0000"])
    assert manifest(tmp_path / "new")["origin"]["run"].endswith("old")


def test_a_fork_that_was_broken_off_goes_on_to_the_same_bytes(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "old"))
    fork = ["--fork", tmp_path / "old"]
    assert ganzoo(*tiny(tmp_path, "whole", *fork)).code == 0
    stop_after_save(ganzoo, tmp_path, "stopped", monkeypatch, *fork)
    again = ganzoo(*tiny(tmp_path, "stopped"))
    assert again.code == 0, again.err
    assert_same(tmp_path / "whole", tmp_path / "stopped")
    assert journal(tmp_path / "whole") != journal(tmp_path / "old")


def test_a_fork_without_its_weights_is_not_started_over_with_random_ones(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "old"))
    with monkeypatch.context() as patch:
        patch.setattr(launch, "apply_warm_start", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        ganzoo(*tiny(tmp_path, "new", "--fork", tmp_path / "old"))
    refused = ganzoo("run", tmp_path / "new")
    assert refused.code == 5
    assert "run the command it was started with again" in refused.err


def test_a_network_of_another_shape_is_refused_and_named(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "old"))
    refused = ganzoo(*tiny(tmp_path, "new", "--fork", tmp_path / "old", "--set", "generator.hidden=8"))
    assert refused.code == 5
    assert "networks/generator/0000" in refused.err
    assert not (tmp_path / "new").exists()


def test_another_origin_than_the_run_has_is_not_ignored(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "old"))
    ganzoo(*tiny(tmp_path, "run"))
    refused = ganzoo(*tiny(tmp_path, "run", "--fork", tmp_path / "old"))
    assert refused.code == 5
    assert "this run began from random weights" in refused.err


def test_a_run_cannot_start_from_itself_or_from_nothing(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "old"))
    assert "cannot start from itself" in ganzoo(*tiny(tmp_path, "old", "--fork", tmp_path / "old")).err
    assert ganzoo(*tiny(tmp_path, "new", "--fork", tmp_path / "nowhere")).code == 5


def test_a_new_run_starts_from_an_exported_network(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "old"))
    with monkeypatch.context() as patch:
        no_training(patch)
        started = ganzoo(*tiny(tmp_path, "new", "--weights", f"generator={tmp_path / 'old' / 'generator.keras'}"))
    assert "sha256" in started.out
    averaged = networks(tmp_path / "old", "networks/ema/generator") or networks(tmp_path / "old", "networks/generator")
    mine = networks(tmp_path / "new", "networks/generator")
    assert all(np.array_equal(a, b) for a, b in zip(averaged.values(), mine.values(), strict=True))


@pytest.mark.parametrize(
    ("text", "code", "cause"),
    [
        ("generator", 2, "expected NETWORK=FILE"),
        ("generator=nowhere.weights.h5", 2, "there is no file"),
        ("generatr={file}", 2, "did you mean 'generator'?"),
        ("generator={pickle}", 5, "is a pickle"),
    ],
)
def test_weights_that_cannot_be_taken_are_refused(ganzoo, tmp_path, text, code, cause):
    ganzoo(*tiny(tmp_path, "old"))
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04.")
    text = text.format(file=tmp_path / "old" / "generator.keras", pickle=tmp_path / "weights.pt")
    refused = ganzoo(*tiny(tmp_path, "new", "--weights", text))
    assert refused.code == code, refused.err
    assert cause in refused.err


# -- the best state ----------------------------------------------------------------------------------------------------

BEST = ["--set=train.evaluate_every=2", "--set=train.best=sliced_wasserstein"]


def scores(run):
    return [json.loads(line) for line in (run / "scores.jsonl").read_text().splitlines()]


def test_the_best_state_is_kept_beside_the_newest(ganzoo, tmp_path):
    assert ganzoo(*tiny(tmp_path, "run", *BEST)).code == 0
    by_step = {line["step"]: line["scores"]["generator"]["sliced_wasserstein"] for line in scores(tmp_path / "run")}
    assert list(by_step) == [0, 2, 4, 6, 8, 10, 12]
    best = min((step for step in by_step if step), key=by_step.__getitem__)
    assert [path.name for path in (tmp_path / "run" / "best").iterdir()] == [f"step-{best:09d}"]
    scored = ganzoo("evaluate", tmp_path / "run", "--best", "--json")
    assert json.loads(scored.out)["step"] == best


def test_scoring_on_the_way_changes_no_weight(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "scored", *BEST))
    ganzoo(*tiny(tmp_path, "plain"))
    assert_same(tmp_path / "scored", tmp_path / "plain")


def test_the_best_state_survives_a_kill(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "whole", *BEST))
    for _ in range(3):
        stop_after_save(ganzoo, tmp_path, "killed", monkeypatch, *BEST)
    assert ganzoo(*tiny(tmp_path, "killed", *BEST)).code == 0
    assert scores(tmp_path / "whole") == scores(tmp_path / "killed")
    assert [path.name for path in (tmp_path / "whole" / "best").iterdir()] == [
        path.name for path in (tmp_path / "killed" / "best").iterdir()
    ]


def test_a_best_that_cannot_be_is_told(ganzoo, tmp_path):
    alone = ganzoo(*tiny(tmp_path, "run", "--set=train.best=sliced_wasserstein"))
    assert alone.code == 2
    assert "needs train.evaluate_every" in alone.err
    typo = ganzoo(*tiny(tmp_path, "run", "--set=train.evaluate_every=2", "--set=train.best=sliced_waserstein"))
    assert typo.code == 2
    assert "did you mean 'sliced_wasserstein'?" in typo.err
    assert not (tmp_path / "run").exists(), "code 2 promises that nothing was written"
    row = ganzoo(*tiny(tmp_path, "run", "--set=train.evaluate_every=2", "--set=train.best=genrator/sliced_wasserstein"))
    assert row.code == 2
    assert "there is no row 'genrator' (did you mean 'generator'?)" in row.err
    assert not (tmp_path / "run").exists()


def test_the_environment_can_be_pasted_into_an_issue(ganzoo):
    shown = ganzoo("env")
    assert shown.code == 0
    assert all(part in shown.out for part in ("packages.torch", "threads", "disk", "plugins.losses", "backend"))
    told = json.loads(ganzoo("env", "--json").out)
    assert told["backend"] == "torch"


def test_a_fresh_process_in_the_same_place_is_the_same_environment(tmp_path):
    first = finish(tiny(tmp_path, "run"))
    assert first[0] == 0
    assert finish(tiny(tmp_path, "other"))[0] == 0
    assert manifest(tmp_path / "run")["environment"] == manifest(tmp_path / "other")["environment"]
