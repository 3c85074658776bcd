"""Whatever becomes of what a run prints, the run ends with the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tiny_runs import assert_same, finish, tiny

COMMAND = f'"{sys.executable}" -m ganzoo'


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert finish(tiny(runs, "whole"))[0] == 0
    return runs / "whole"


@pytest.mark.parametrize(
    ("rest", "environment"),
    [
        ("| head -1", {}),
        pytest.param(">&-", {}, marks=pytest.mark.slow),
        pytest.param("2>&-", {}, marks=pytest.mark.slow),
        (">&- 2>&-", {}),
        ("> /dev/full", {}),
        pytest.param("2> /dev/full", {}, marks=pytest.mark.slow),
        ("", {"LC_ALL": "C", "LANG": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}),
        pytest.param("", {"COLUMNS": "20", "LINES": "3"}, marks=pytest.mark.slow),
        pytest.param("", {"NO_COLOR": "1", "TERM": "dumb"}, marks=pytest.mark.slow),
        pytest.param("", {"FORCE_COLOR": "1", "COLUMNS": "20"}, marks=pytest.mark.slow),
        ("", {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}),
        ("", {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "2"}),
    ],
    ids=lambda part: str(part) or "-",
)
def test_a_run_ends_in_the_same_bytes(tmp_path, whole, rest, environment):
    arguments = " ".join(f"'{part}'" for part in tiny(tmp_path, "run"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {COMMAND} {arguments} {rest}"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert_same(whole, tmp_path / "run")
