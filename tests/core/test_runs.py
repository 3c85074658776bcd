"""What a run leaves, and that it can be stopped, continued and repeated to the byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tiny_runs import TINY, assert_same, each_recipe, journal, last_state


def stop_after(runs, name, steps, extra=()):
    """Train in a process of its own and ask it to stop once so many steps are logged; return its exit code."""
    command = [
        sys.executable,
        "-m",
        "ganzoo",
        "run",
        "gaussians_ring",
        *TINY,
        "--runs",
        str(runs),
        "--name",
        name,
        *extra,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = runs / name / "metrics.jsonl"
    while process.poll() is None:
        if log.exists() and log.read_text().count("\n") >= steps:
            process.send_signal(signal.SIGTERM)
            break
        time.sleep(0.005)
    return process.wait(timeout=60)


def test_a_run_writes_what_it_promises(ganzoo, tmp_path):
    done = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path)
    assert done.code == 0, done.err
    run = tmp_path / "gaussians_ring"
    written = {path.name for path in run.iterdir()}
    assert written >= {"recipe.toml", "manifest.json", "metrics.jsonl", "samples", "checkpoints", "generator.keras"}
    assert json.loads((run / "manifest.json").read_text())["status"] == "finished"
    assert sorted(path.name for path in (run / "samples").iterdir())[0] == "step-000000000.png"
    assert "modes_covered" in done.out
    assert [record["step"] for record in journal(run)] == list(range(1, 13))
    assert sorted(int(path.name[5:]) for path in (run / "checkpoints").iterdir()) == [5, 10, 12]


def test_the_same_recipe_twice_gives_the_same_bytes_with_and_without_workers(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "one")
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "two", "--set", "train.workers=2")
    assert_same(tmp_path / "one", tmp_path / "two")


def test_another_seed_gives_other_weights(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "one")
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "two", "--set", "train.seed=1")
    one, two = last_state(tmp_path / "one"), last_state(tmp_path / "two")
    assert not np.array_equal(one["networks/generator/0000"], two["networks/generator/0000"])


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_a_stopped_run_goes_on_to_the_same_bytes(ganzoo, tmp_path, steps):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "whole")
    code = stop_after(tmp_path, "stopped", steps)
    assert code in (75, 0)
    again = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "stopped", "--resume")
    assert again.code == 0, again.err
    assert_same(tmp_path / "whole", tmp_path / "stopped")


def test_a_killed_run_goes_on_to_the_same_bytes_with_the_run_folder_alone(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "whole")
    command = [
        sys.executable,
        "-m",
        "ganzoo",
        "run",
        "gaussians_ring",
        *TINY,
        "--runs",
        str(tmp_path),
        "--name",
        "killed",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not list((tmp_path / "killed" / "checkpoints").glob("step-*")):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert ganzoo("run", tmp_path / "killed").code == 0
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_a_finished_run_says_so_and_trains_nothing(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path)
    before = last_state(tmp_path / "gaussians_ring")
    again = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path)
    assert again.code == 0
    assert "finished already" in again.out
    assert all(np.array_equal(before[name], value) for name, value in last_state(tmp_path / "gaussians_ring").items())


def test_another_recipe_in_the_same_folder_is_refused_with_the_difference(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path)
    refused = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--set", "regularizers.r1.gamma=3")
    assert refused.code == 5
    assert "\n  regularizers.0.gamma: 1.0 -> 3.0\n" in refused.err
    assert "--fork" in refused.err


def test_a_damaged_checkpoint_falls_back_to_the_one_before(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "whole")
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--name", "hurt")
    newest = sorted((tmp_path / "hurt" / "checkpoints").iterdir())[-1] / "state.npz"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    again = ganzoo("run", tmp_path / "hurt")
    assert "skipped a damaged checkpoint" in again.out
    assert_same(tmp_path / "whole", tmp_path / "hurt")


def test_nothing_can_be_resumed_where_nothing_is(ganzoo, tmp_path):
    refused = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, "--resume")
    assert refused.code == 5
    assert "there is no run to resume" in refused.err


def test_a_loss_that_is_not_finite_stops_the_run_before_it_is_saved(ganzoo, tmp_path):
    wild = ["--set", "optimizers.generator.learning_rate=1e30", "--set", "optimizers.discriminator.learning_rate=1e30"]
    stopped = ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path, *wild)
    assert stopped.code == 6
    assert "not finite" in stopped.err
    assert not list((tmp_path / "gaussians_ring" / "checkpoints").glob("step-*"))


def test_samples_and_scores_need_only_the_run_folder(ganzoo, tmp_path):
    ganzoo("run", "gaussians_ring", *TINY, "--runs", tmp_path)
    run = tmp_path / "gaussians_ring"
    assert ganzoo("sample", run, "-o", tmp_path / "points.csv", "--count", 5).code == 0
    assert len((tmp_path / "points.csv").read_text().splitlines()) >= 5
    scored = ganzoo("evaluate", run, "--data", "gaussians", "--set", "count=80", "--json")
    assert scored.code == 0, scored.err
    assert set(json.loads(scored.out)["scores"]) == {"generator", "real"}


@pytest.mark.slow  # by default one recipe of each task is trained in test_exactness
@pytest.mark.parametrize("name", each_recipe())
def test_the_smoke_profile_of_every_recipe_trains_and_checks(ganzoo, tmp_path, name):
    assert ganzoo("check", name, "--profile", "smoke").code == 0
    done = ganzoo("run", name, "--profile", "smoke", "--runs", tmp_path)
    assert done.code == 0, done.err
    assert "held-out data" in done.out
