"""Both ways to a first step end when the step was taken, and say so when it was not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("there is no checkout around the tests", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.startup import commands, to_first_step  # noqa: E402


@pytest.mark.parametrize("name", ["first step, ganzoo run", "first step, by hand"])
def test_a_command_runs_to_its_first_step(tmp_path, name):
    commands(tmp_path)[name]()
    (log,) = tmp_path.glob("*/metrics.jsonl")
    assert log.read_text().endswith("\n")


def test_a_command_that_ends_too_early_is_no_measurement(tmp_path):
    with pytest.raises(RuntimeError, match="without a step, with code 3"):
        to_first_step([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
