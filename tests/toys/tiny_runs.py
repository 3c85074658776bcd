"""A run of twelve steps, and what of it must be equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np

TINY = [
    "--set=phases.train.steps=12",
    "--set=train.batch_size=16",
    "--set=train.log_every=1",
    "--set=train.checkpoint_every=5",
    "--set=train.sample_every=6",
    "--set=train.samples=9",
    "--set=data.count=64",
    "--set=validation.count=64",
]


def tiny(runs, name, *more):
    """Return the arguments of a tiny run."""
    return ["run", "gaussians_ring", *TINY, "--runs", str(runs), "--name", name, *map(str, more)]


def process(arguments, *, code=None, **environment):
    """Return the started process of a command line, or of some code that is handed the arguments."""
    return subprocess.Popen(
        [sys.executable, *(["-c", code] if code else ["-m", "ganzoo"]), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def finish(arguments, **environment):
    """Run a command line in a process of its own; return its exit code, output and errors."""
    with process(arguments, **environment) as started:
        out, err = started.communicate(timeout=300)
    return started.returncode, out, err


def last_state(run):
    """Return the arrays of a run's newest checkpoint."""
    newest = sorted((run / "checkpoints").iterdir())[-1]
    with np.load(newest / "state.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def journal(run):
    """Return the lines of a run's log."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def manifest(run):
    """Return a run's manifest."""
    return json.loads((run / "manifest.json").read_text())


def assert_same(one, other):
    """Compare all tensors, and all lines that were logged."""
    mine, theirs = last_state(one), last_state(other)
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if not np.array_equal(mine[name], theirs[name])] == []
    assert journal(one) == journal(other)
    assert (one / "generator.keras").read_bytes() == (other / "generator.keras").read_bytes()
