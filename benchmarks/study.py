"""Many runs of recipes, each trained once, whose scores make a table in docs/results.md.

A study is a list of jobs. `collect` trains those that are not in `benchmarks/results/NAME.json` yet and adds their
final scores to it, so that a study can be stopped at any time and extended by more seeds; `write_table` puts the table
that is made from them between the marks of the document.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import ganzoo
from ganzoo.runs.environment import environment

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[1] / "docs" / "results.md"

#: What a job left: its final scores by METHOD/SCORE, its steps, its seconds (whatever else the machine did).
Found = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run: its key in the results, a recipe (a name or a table), what is changed in it, and the seed."""

    key: str
    recipe: str | Mapping[str, Any]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


def arguments(module: str, description: str | None, *, seeds: int) -> argparse.Namespace:
    """Return what every study is asked for on the command line."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{module}", description=description)
    parser.add_argument("--seeds", type=int, default=seeds, help=f"runs of each kind, {seeds} by default")
    parser.add_argument("--only", default="", help="only the jobs whose key contains this text")
    parser.add_argument("--runs", type=Path, help="keep the run folders here; a temporary folder by default")
    parser.add_argument("--table", action="store_true", help="train nothing, only write the table again")
    return parser.parse_args()


def collect(name: str, jobs: Iterable[Job], given: argparse.Namespace) -> dict[str, Found]:
    """Return the results of all jobs that are done, after doing those that are not."""
    logging.getLogger("ganzoo").setLevel(logging.ERROR)
    path = RESULTS / f"{name}.json"
    for job in [] if given.table else jobs:
        if given.only in job.key and job.key not in read(path):
            found = done(job, given.runs)
            print(f"{job.key}: {found['seconds']} s, {found['scores']}", flush=True)
            # read again: several processes may work at one study
            path.write_text(json.dumps({**read(path), job.key: found}, indent=1, sort_keys=True) + "\n")
    return read(path)


def read(path: Path) -> dict[str, Found]:
    """Return the results in a file; none where there is no such file."""
    return json.loads(path.read_text()) if path.exists() else {}


def done(job: Job, kept: Path | None) -> Found:
    """Train one job, or resume it, and return what it left."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        overrides = {**job.overrides, "train.seed": job.seed}
        name = "job_" + "".join(char if char.isalnum() else "_" for char in job.key)[:60]
        run = ganzoo.train(job.recipe, name=name, runs=kept or folder, overrides=overrides, verbose=False)
        scores = {key: round(float(column[-1]), 6) for key, column in run.scores.items() if key != "step"}
        steps = int(run.scores["step"][-1])
    seconds = round(time.perf_counter() - start, 1)
    packages = environment([])["packages"]
    made_with = {name: packages[name] for name in ("keras", "torch")}
    return {"scores": scores, "steps": steps, "seconds": seconds, "threads": torch.get_num_threads(), **made_with}


def of(found: Mapping[str, Found], prefix: str) -> list[Found]:
    """Return the results whose key is this prefix and a seed."""
    return [each for key, each in sorted(found.items()) if key.rpartition(" | ")[0] == prefix]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the mean of the values, and their standard deviation where there are several."""
    if not values:
        return "not run"
    mean = f"{statistics.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.{digits}f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    line = "| {} |".format
    return "\n".join([line(" | ".join(heads)), "|" + "---|" * len(heads), *(line(" | ".join(row)) for row in rows)])


def write_table(name: str, text: str) -> None:
    """Put a table between its marks in the document of results; ValueError where the document has none."""
    begin, end = f"<!-- {name}: written by python -m benchmarks.{name} -->", f"<!-- end of {name} -->"
    document = DOCUMENT.read_text()
    if begin not in document or end not in document:
        raise ValueError(f"{DOCUMENT}: lacks the marks {begin} and {end}")
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
