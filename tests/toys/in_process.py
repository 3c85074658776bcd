"""A recipe that is trained in this process with plugins that are not installed, whole or in two parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import Random, SampleRequest, load_recipe
from ganzoo.data.opening import open_sources
from ganzoo.runs.environment import describe_plugins, environment
from ganzoo.runs.folder import RunFolder
from ganzoo.training.launch import launch, prepare, write_manifest
from ganzoo.training.reload import trained_networks


class Quiet:
    def begin(self, *, first, total): ...

    def step(self, number, phase, waiting): ...

    def losses(self, record): ...

    def scores(self, number, scores): ...

    def verdicts(self, kinds): ...

    def note(self, message): ...


@dataclass
class InProcess:
    path: Path
    zoo: Any

    def __post_init__(self):
        self.recipe = load_recipe(self.path, zoo=self.zoo)
        self.sources = open_sources(self.recipe.data)
        self.held_out = open_sources(self.recipe.validation) if self.recipe.validation else None

    def anew(self):
        """Read the recipe again: components that hold state start as in a fresh process."""
        return InProcess(self.path, self.zoo)

    def trainer(self, folder):
        run = RunFolder(folder)
        with run.working():
            here = environment(describe_plugins(self.zoo.plugins, self.recipe.used))
            trainer = prepare(self.recipe, run, Quiet(), self.sources, self.held_out, environment=here)
            write_manifest(trainer, "strict", None)
        return trainer

    def train(self, folder):
        run = RunFolder(folder)
        with run.working():
            launch(self.recipe, run, Quiet(), sources=self.sources, held_out=self.held_out, plugins=self.zoo.plugins)
        return state_of(folder)

    def train_in_two(self, folder, first, forget=()):
        """Train `first` steps, write a checkpoint, and let a fresh model go on from it, without what is forgotten."""
        trainer = self.trainer(folder)
        for number in range(first):
            trainer.model.train_step(trainer.batches.tensors(number))
        values = trainer.model.state()
        fresh = self.anew().trainer(folder).model.state()
        arrays = {
            name: (fresh[name] if name in forget else variable).value.detach().numpy().copy()
            for name, variable in values.items()
        }
        trainer.checkpoints.save(first, arrays, recipe=trainer.digest)
        return self.anew().train(folder)

    def finished(self, folder):
        """Train to the end; return the run, and what it trained."""
        self.train(folder)
        run = RunFolder(folder)
        return run, trained_networks(run, self.recipe)[0]

    def sample(self, trained, output, inputs=(), count=6, **options):
        task = self.recipe.task
        request = SampleRequest(
            output=output, inputs=inputs, count=count, rng=Random(0, "sample"), options=task.sampling(**options)
        )
        return task.sample(trained, request)


def state_of(folder):
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    with np.load(newest / "state.npz") as archive:
        return {name: archive[name] for name in archive.files}


def journal(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def differing(one, other):
    return [name for name in one if not np.array_equal(one[name], other[name])]
