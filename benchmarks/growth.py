"""How time and memory of a step grow with batch, crop and depth."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.cases import CASES, Case, variant, warm_up
from benchmarks.memory import peak_memory
from benchmarks.timing import in_turns

ROUNDS = 7
_BASE: Mapping[str, int] = {"side": 96, "filters": 16, "blocks": 8, "batch": 4}
_SIZES: Mapping[str, Sequence[int]] = {"batch": (2, 4, 8), "side": (48, 96, 192), "blocks": (4, 8, 16)}


def measure_growth() -> dict[str, Any]:
    """Vary one size of a small SRGAN at a time; print and return time and peak memory of a step, and how they grow.

    `more` is what a unit of work (an image, a pixel, a block) costs between the two larger sizes, by what it costs
    between the two smaller ones: 1 where cost is a constant and a share in proportion, more where it grows faster.
    """
    cases = {_label(key, size): _case(key, size) for key, sizes in _SIZES.items() for size in sizes}
    distinct = {str(case.sizes): case for case in cases.values()}
    seconds = in_turns({key: variant(case, "ganzoo") for key, case in distinct.items()}, rounds=ROUNDS)
    ready = partial(warm_up, CASES["srgan"], ["ganzoo"])
    peaks = {key: peak_memory(partial(variant, case, "ganzoo"), ready, rounds=2) for key, case in distinct.items()}
    print(f"\nSRGAN, {_BASE['filters']} filters, by size; median of {ROUNDS} rounds in turns")
    print(f"{'':10}{'ms/step':>9}{'peak MiB':>10}{'more time':>11}{'more memory':>13}")
    found: dict[str, Any] = {}
    for key, sizes in _SIZES.items():
        keys = [str(cases[_label(key, size)].sizes) for size in sizes]
        rows = {
            size: {"milliseconds_a_step": 1000 * statistics.median(seconds[each]), "peak_bytes": peaks[each]}
            for size, each in zip(sizes, keys, strict=True)
        }
        work = [size**2 if key == "side" else size for size in sizes]
        more = {name: marginal(work, [row[name] for row in rows.values()]) for name in rows[sizes[0]]}
        for size, row in rows.items():
            print(f"{_label(key, size):10}{row['milliseconds_a_step']:9.1f}{row['peak_bytes'] / 2**20:10.1f}")
        print(f"{'':29}{more['milliseconds_a_step']:11.2f}{more['peak_bytes']:13.2f}", flush=True)
        found[key] = {"sizes": rows, "more": more}
    return {"base": dict(_BASE), "rounds": ROUNDS, "growth": found}


def marginal(work: Sequence[float], cost: Sequence[float]) -> float:
    """Return the cost of a unit of work between the last two of three sizes by that between the first two."""
    first, second = ((cost[at + 1] - cost[at]) / (work[at + 1] - work[at]) for at in (0, 1))
    return second / first


def _case(key: str, size: int) -> Case:
    return replace(CASES["srgan"], sizes={**_BASE, key: size}, side=max(_SIZES["side"]))


def _label(key: str, size: int) -> str:
    return f"{'crop' if key == 'side' else key} {size}"
