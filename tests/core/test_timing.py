from __future__ import annotations

import json

from tiny_runs import TINY

from ganzoo.training import profiling
from ganzoo.training.profiling import Stopwatch


class Worker:
    """Moves a clock of its own."""

    now = 0.0

    def outer(self):
        self.now += 2
        self.inner()

    def inner(self):
        self.now += 5


def test_the_time_of_a_part_does_not_count_for_what_calls_it(monkeypatch):
    worker, watch = Worker(), Stopwatch()
    monkeypatch.setattr(profiling.time, "perf_counter", lambda: worker.now)
    watch.wrap(worker, "outer", "outer")
    watch.wrap(worker, "inner", "inner")
    worker.outer()
    assert watch.seconds == {"outer": 2, "inner": 5}


def test_a_recipe_is_profiled_by_parts_and_operations(ganzoo):
    options = [option for option in TINY if not option.startswith("--set=train.log")]
    options = [option.replace("--set=", "") for option in options if "_every" not in option]
    found = json.loads(
        ganzoo("timing", "gaussians_ring", "--steps", 3, "--json", *[f"--set={option}" for option in options]).out
    )
    assert set(found["parts"]) >= {"data", "fakes, forward", "discriminator's penalties", "generator's optimizer"}
    assert all(spent >= 0 for spent in found["parts"].values())
    assert "aten::addmm" in found["operations"]
    assert found["step_seconds"] > 0
    assert 0 < found["achieved"] < 1.5
    dense = 2 * 16 * (2 * 128 + 128 * 128 + 128)
    assert found["flops"] > dense


def test_a_phase_that_is_not_there_is_told(ganzoo):
    refused = ganzoo("timing", "srgan_photos", "--phase", "gna")
    assert refused.code == 2
    assert "did you mean 'gan'?" in refused.err


def test_nothing_is_written(ganzoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = ganzoo("timing", "gaussians_ring", "--steps", 1, "--set=train.batch_size=8")
    assert shown.code == 0
    assert "ms a step" in shown.out
    assert list(tmp_path.iterdir()) == []
