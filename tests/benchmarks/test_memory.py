"""Peak memory is that of the steps, over what there was before anything was made for them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("there is no checkout around the tests", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.growth import marginal  # noqa: E402
from benchmarks.memory import peak_memory  # noqa: E402

MIB = 2**20


def test_what_is_kept_for_the_step_and_what_it_takes_count():
    make = partial(eval, f"(b'a' * {20 * MIB}).upper")  # source, because the other process does not know this module
    assert peak_memory(make, partial(bytes, 1)) == pytest.approx(40 * MIB, rel=0.02)


def test_cost_in_proportion_grows_by_one_whatever_is_constant():
    assert marginal([2, 4, 8], [13, 23, 43]) == pytest.approx(1)
    assert marginal([2, 4, 8], [4, 16, 64]) == pytest.approx(2)
