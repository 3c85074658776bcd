from __future__ import annotations

import json
import time

from tiny_runs import TINY

from ganzoo.training.profiling import Stopwatch


class Worker:
    def outer(self):
        time.sleep(0.02)
        self.inner()

    def inner(self):
        time.sleep(0.04)


def test_the_time_of_a_part_does_not_count_for_what_calls_it():
    worker, watch = Worker(), Stopwatch()
    watch.wrap(worker, "outer", "outer")
    watch.wrap(worker, "inner", "inner")
    worker.outer()
    assert 0.02 <= watch.seconds["outer"] < 0.04 <= watch.seconds["inner"]


def test_a_recipe_is_profiled_by_parts_and_operations(ganzoo):
    options = [option for option in TINY if not option.startswith("--set=train.log")]
    options = [option.replace("--set=", "") for option in options if "_every" not in option]
    found = json.loads(
        ganzoo("profile", "gaussians_ring", "--steps", 3, "--json", *[f"--set={option}" for option in options]).out
    )
    assert set(found["parts"]) >= {"data", "fakes, forward", "discriminator's penalties", "generator's optimizer"}
    assert all(spent >= 0 for spent in found["parts"].values())
    assert "aten::addmm" in found["operations"]
    assert found["step_seconds"] > 0
    assert 0 < found["achieved"] < 1.5
    dense = 2 * 16 * (2 * 128 + 128 * 128 + 128)
    assert found["flops"] > dense


def test_a_phase_that_is_not_there_is_told(ganzoo):
    refused = ganzoo("profile", "srgan_photos", "--phase", "gna")
    assert refused.code == 2
    assert "did you mean 'gan'?" in refused.err


def test_nothing_is_written(ganzoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = ganzoo("profile", "gaussians_ring", "--steps", 1, "--set=train.batch_size=8")
    assert shown.code == 0
    assert "ms a step" in shown.out
    assert list(tmp_path.iterdir()) == []
