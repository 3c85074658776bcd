"""A run of twelve steps, and what of it must be equal."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ganzoo.recipe import list_recipes

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


def each_recipe():
    """Return the bundled recipes as parameters: the quickest of each task, and the others marked slow."""
    recipes = {name: tomllib.loads(path.read_text()) for name, path in list_recipes().items()}
    quickest = {}
    for name in sorted(recipes, key=lambda name: _smoke_steps(recipes[name])):
        quickest.setdefault(recipes[name]["task"]["name"], name)
    marks = {name: [] if name in quickest.values() else [pytest.mark.slow] for name in recipes}
    return [pytest.param(name, id=name, marks=marks[name]) for name in recipes]


def _smoke_steps(recipe):
    return sum(value for key, value in recipe["profiles"]["smoke"].items() if key.startswith("phases."))


def tiny(runs, name, *more):
    """Return the arguments of a tiny run."""
    return ["run", "gaussians_ring", *TINY, "--runs", str(runs), "--name", name, *map(str, more)]


def process(arguments, **environment):
    """Return the started process of a command line."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [environment.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", "import without_reports, ganzoo.cli; ganzoo.cli.main()", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment, "PYTHONPATH": path},
    )


def finish(arguments, **environment):
    """Run a command line in a process of its own; return its exit code, output and errors."""
    with process(arguments, **environment) as started:
        out, err = started.communicate(timeout=300)
    return started.returncode, out, err


def forked(arguments, output, *, stop_after=None):
    """Run a command line in a new process that need not import everything first; return its exit code and output.

    With `stop_after`, the process asks itself to stop when so many steps are done.
    """
    job = ([str(part) for part in arguments], str(output), stop_after)
    process = multiprocessing.get_context("forkserver").Process(target=_attempt, args=job)
    process.start()
    process.join(300)
    return process.exitcode, output.read_text()


def _attempt(arguments, output, stop_after):
    from ganzoo.cli import main
    from ganzoo.training.callbacks import StepCallbacks

    stream = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(stream, standard)
    recorded = StepCallbacks.on_train_batch_end

    def stop_in_time(self, batch, logs=None):
        if self.callbacks[0].trainer.model.step_number == stop_after:
            os.kill(os.getpid(), signal.SIGTERM)
        recorded(self, batch, logs)

    StepCallbacks.on_train_batch_end = stop_in_time
    sys.argv = ["ganzoo", *arguments]
    main()


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
