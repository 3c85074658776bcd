"""`python -m benchmarks`: time ganzoo against hand-written PyTorch and plain Keras, on the GPU where there is one."""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import torch

from benchmarks.cases import CASES, MODES, STYLES, VARIANTS, Case, variant, warm_up
from benchmarks.data import measure_data
from benchmarks.degradations import measure_degradations
from benchmarks.growth import measure_growth
from benchmarks.memory import peak_memory
from benchmarks.overhead import measure_overhead
from benchmarks.photograph import measure_photograph
from benchmarks.scoring import measure_scoring
from benchmarks.startup import measure_startup
from benchmarks.timing import in_turns, ratio, to_json
from benchmarks.watching import measure_doctor, measure_estimates
from ganzoo.runs.environment import environment

RESULTS = Path(__file__).parent / "results"

#: Cases that are more than one kind of step, each with what prints and returns its numbers.
EXTRA: Mapping[str, Callable[[], dict[str, Any]]] = {
    "overhead": measure_overhead,
    "data": measure_data,
    "degradations": measure_degradations,
    "startup": measure_startup,
    "growth": measure_growth,
    "photograph": measure_photograph,
    "scoring": measure_scoring,
    "doctor": measure_doctor,
    "estimates": measure_estimates,
}


def main() -> None:
    """Run the cases named on the command line, print their tables, and keep the numbers where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*CASES, *EXTRA]
    parser.add_argument("cases", nargs="*", choices=[*names, "all"], default="all", help="all by default")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each variant of a training step")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="torch's threads")
    parser.add_argument("--modes", nargs="*", choices=MODES, default=[], help="time both sides so, too")
    parser.add_argument("--batch", type=int, help="another batch size for training steps")
    parser.add_argument("--no-memory", action="store_true", help="leave out the peak memory of training steps")
    parser.add_argument("--save", action="store_true", help="keep the numbers under benchmarks/results/")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    found: dict[str, Any] = {}
    for name in names if "all" in given.cases else given.cases:
        if name in EXTRA:
            found[name] = EXTRA[name]()
        else:
            found[name] = measure(case_of(name, given.batch), given.rounds, given.modes, memory=not given.no_memory)
    if given.save:
        print(f"kept in {save(found)}")


def case_of(name: str, batch: int | None) -> Case:
    """Return a case, in another batch size where one is asked for."""
    case = CASES[name]
    if batch is None:
        return case
    title = case.title.replace(f"batch {case.sizes['batch']}", f"batch {batch}")
    return replace(case, title=title, sizes={**case.sizes, "batch": batch})


def measure(case: Case, rounds: int, modes: Sequence[str], *, memory: bool) -> dict[str, Any]:
    """Time one case; print and return its ratios."""
    variants = [*VARIANTS, *(f"{maker}_{mode}" for mode in modes for maker in ("ganzoo", "torch"))]
    seconds = in_turns({each: variant(case, each) for each in variants}, rounds=rounds)
    rows = {
        each: {
            "milliseconds_a_step": 1000 * statistics.median(seconds[each]) / case.steps,
            "images_a_second": case.sizes["batch"] * case.steps / statistics.median(seconds[each]),
            **{f"to_{style}": ratio(seconds, each, style) for style in STYLES if style in seconds},
            **({"peak_bytes": peak_memory(partial(variant, case, each), partial(warm_up, case))} if memory else {}),
        }
        for each in variants
    }
    print(f"\n{case.title}; median of {rounds} rounds in turns, {torch.get_num_threads()} threads")
    print(f"{'':26}{'ms/step':>9}{'images/s':>10}{'/usual':>8}{'/tuned':>8}{'peak MiB':>10}")
    for each, row in rows.items():
        peak = f"{row['peak_bytes'] / 2**20:10.0f}" if memory else ""
        print(
            f"{each:26}{row['milliseconds_a_step']:9.1f}{row['images_a_second']:10.1f}"
            f"{row['to_torch_usual']:8.2f}{row['to_torch_tuned']:8.2f}{peak}",
            flush=True,
        )
    return {"title": case.title, "rounds": rounds, "variants": rows}


def save(found: dict[str, Any]) -> Path:
    """Put the numbers into the file of this machine, each case with its day and commit; other cases there stay."""
    facts = environment()
    device = facts["device"] if isinstance(facts["device"], str) else facts["device"]["name"]
    label = re.sub(r"[^a-z0-9]+", "-", f"{device} {facts['cpu']} {torch.get_num_threads()} threads".lower()).strip("-")
    path = RESULTS / f"{label}.json"
    path.parent.mkdir(exist_ok=True)
    before = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else {}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    origin = {"date": datetime.now(UTC).date().isoformat(), "commit": commit or None}
    record = {
        "threads": torch.get_num_threads(),
        "environment": facts,
        "cases": before | {name: origin | numbers for name, numbers in found.items()},
    }
    path.write_text(to_json(record), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
