"""A recipe that was read and checked, and what of it decides the weights."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable, Mapping
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
    "doctor",
    "on_collapse",
    "evaluate_every",
    "best",
    "patience",
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

    def __repr__(self) -> str:
        return "\n  ".join([f"Recipe '{self.name}'", *(f"{key}: {text}" for key, text in self._facts().items())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{key}</th><td>{html.escape(text)}</td></tr>" for key, text in self._facts().items())
        return f"<table><caption>{html.escape(self.name)}</caption>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        """Return what a person wants to see first, without the sections that the recipe does not have."""
        table, steps = self.resolved, [f"{phase.name} {phase.steps} steps" for phase in self.phases]
        networks = [table[key] for key in ("generator", "discriminator") if key in table]
        facts = {
            "title": self.title,
            "task": _names([table["task"]]),
            "data": _names([table["data"]]),
            "validation": _names([table["validation"]] if "validation" in table else []),
            "networks": _names([*networks, *table.get("networks", {}).values()]),
            **{key: _names(table.get(key, [])) for key in ("losses", "regularizers", "metrics")},
            "phases": f"{', '.join(steps)}, batches of {self.train.batch_size}, seed {self.train.seed}",
        }
        return {key: text for key, text in facts.items() if text}

    @property
    def timeline(self) -> Timeline:
        """The phases by step."""
        return Timeline([(phase.name, phase.steps) for phase in self.phases])

    @property
    def batch_sizes(self) -> dict[str, int]:
        """The batch size of each phase by name: its own, or that of [train]."""
        return {phase.name: phase.batch_size or self.train.batch_size for phase in self.phases}

    @property
    def resolved_validation(self) -> Mapping[str, Any]:
        """The tables of the held-out data by stream; empty without a section [validation]."""
        table: Mapping[str, Any] = self.resolved.get("validation") or {}
        return table if len(self.data) > 1 or not table else dict.fromkeys(self.data, table)

    def digest(self) -> str:
        """Return the sha256 of all that decides the weights."""
        text = json.dumps(weight_determining(self.resolved), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _names(tables: Iterable[Mapping[str, Any]]) -> str:
    """Return what resolved tables name, without the plugins; of data by stream, the names of all."""
    found: list[str] = []
    for table in tables:
        if isinstance(name := table.get("label") or table.get("name") or table.get("term"), str):
            found.append(name.rpartition("/")[2])
        else:
            found += [f"{stream} {_names([each])}" for stream, each in table.items()]
    return ", ".join(found)


def weight_determining(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the weights after any number of steps.

    A resolved table without texts, scores, `RESUMABLE_KEYS`, and the number of steps of the last phase, which decides
    only where training ends.
    """
    found = {key: value for key, value in resolved.items() if key not in (*TEXTS, *MEASURING)}
    train = {key: value for key, value in found.get("train", {}).items() if key not in RESUMABLE_KEYS}
    *earlier, last = found.get("phases") or [{}]
    endless = {key: value for key, value in last.items() if key != "steps"}
    return {**found, "train": train, "phases": [*earlier, endless]}
