"""A recipe that was read and checked, and what of it decides the weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.component import Component
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.task import Task
from ganzoo.contracts.timeline import Timeline
from ganzoo.contracts.wiring import WiredCallback, WiredLoss, WiredMetric, WiredOptimizer, WiredRegularizer
from ganzoo.recipe.settings import EmaSettings, PhaseSettings, TrainSettings

#: What a recipe says about itself.
TEXTS = ("title", "paper", "description")

#: Sections that decide how a run is scored and observed but not its weights: a run may resume with others.
MEASURING = ("validation", "metrics", "callbacks")
#: Keys of [train] that decide how a run is observed and fed but not its weights: a run may resume with others.
RESUMABLE_KEYS = (
    "workers",
    "log_every",
    "sample_every",
    "checkpoint_every",
    "keep_checkpoints",
    "samples",
    "evaluate_every",
    "best",
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A checked recipe: components made, wiring resolved, every default written out in `resolved`."""

    name: str
    title: str
    paper: str
    description: str
    task: Task
    #: By stream; the only stream of most tasks is called `data`.
    data: Mapping[str, Dataset]
    validation: Mapping[str, Dataset] | None
    #: By role (`generator`) or by the name of a network of the task.
    architectures: Mapping[str, Architecture]
    #: The phases in which a network is trained, by the same names; all phases for those that are not here.
    network_phases: Mapping[str, frozenset[str]]
    losses: tuple[WiredLoss, ...]
    regularizers: tuple[WiredRegularizer, ...]
    metrics: tuple[WiredMetric, ...]
    #: By player, or by the name of a network that has its own.
    optimizers: Mapping[str, WiredOptimizer]
    callbacks: tuple[WiredCallback, ...]
    train: TrainSettings
    ema: EmaSettings | None
    phases: tuple[PhaseSettings, ...]
    resolved: Mapping[str, Any]
    #: Every component class that decides a weight or a score, those inside other components too.
    used: frozenset[type[Component]]
    #: What the recipe's author should know; nothing of it is wrong.
    notices: tuple[str, ...] = ()

    @property
    def timeline(self) -> Timeline:
        """The phases by step."""
        return Timeline([(phase.name, phase.steps) for phase in self.phases])

    @property
    def batch_sizes(self) -> dict[str, int]:
        """The batch size of each phase by name: its own, or that of [train]."""
        return {phase.name: phase.batch_size or self.train.batch_size for phase in self.phases}

    def digest(self) -> str:
        """Return the sha256 of all that decides the weights."""
        text = json.dumps(weight_determining(self.resolved), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def weight_determining(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the weights: a resolved table without texts, scores and `RESUMABLE_KEYS`."""
    found = {key: value for key, value in resolved.items() if key not in (*TEXTS, *MEASURING)}
    train = found.get("train", {})
    return {**found, "train": {key: value for key, value in train.items() if key not in RESUMABLE_KEYS}}
