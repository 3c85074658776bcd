"""From TOML to components: every mistake of a recipe found in one pass, each with its place."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ganzoo.construction import component_table, plain, shown
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.component import Component
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.loss import Loss, PairLoss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.regularizer import PlayerName, Regularizer
from ganzoo.contracts.task import Exposes, Task
from ganzoo.errors import Problem, RecipeError, listing, nearest
from ganzoo.recipe.find import find_recipe, read_text
from ganzoo.recipe.limits import MOST_TOLD, check_shape, check_text, enormous
from ganzoo.recipe.overrides import parse_assignment, profile_changes, with_overrides
from ganzoo.recipe.places import Places, find_places
from ganzoo.recipe.settings import (
    OPTIMIZERS,
    EmaSettings,
    LossWiring,
    MetricWiring,
    OptimizerSettings,
    PhaseSettings,
    RegularizerWiring,
    Section,
    TrainSettings,
)
from ganzoo.timeline import Timeline
from ganzoo.wiring import WiredLoss, WiredMetric, WiredRegularizer
from ganzoo.zoo import Zoo

_TEXTS = ("title", "paper", "description")
_TABLES = ("task", "data", "validation", "generator", "discriminator", "networks", "optimizers", "train", "ema")
_LISTS = ("losses", "regularizers", "metrics", "phases")
_KNOWN = (*_TEXTS, *_TABLES, *_LISTS, "profiles")
_NETWORK = re.compile(r"[A-Za-z0-9_-]+")
_PLAYERS: tuple[PlayerName, ...] = ("generator", "discriminator")

#: Sections that decide how a run is measured, and no weight: a run may go on with others.
_MEASURING = ("validation", "metrics")
#: Keys of [train] that decide how a run is watched and fed, and no weight: a run may go on with others.
INDECISIVE = (
    "workers",
    "log_every",
    "sample_every",
    "checkpoint_every",
    "keep_checkpoints",
    "samples",
    "evaluate_every",
    "best",
)

Settings = TypeVar("Settings", bound=Section)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A checked recipe: components made, wiring resolved, every default written out in `resolved`."""

    name: str
    title: str
    paper: str
    description: str
    task: Task
    data: Dataset
    validation: Dataset | None
    #: By role (`generator`) or by the name of a network of the task.
    architectures: Mapping[str, Architecture]
    losses: tuple[WiredLoss, ...]
    regularizers: tuple[WiredRegularizer, ...]
    metrics: tuple[WiredMetric, ...]
    optimizers: Mapping[PlayerName, OptimizerSettings]
    train: TrainSettings
    ema: EmaSettings | None
    phases: tuple[PhaseSettings, ...]
    resolved: Mapping[str, Any]
    #: Every component class in use, those inside other components too.
    used: frozenset[type[Component]]
    text: str

    @property
    def timeline(self) -> Timeline:
        """The phases by step."""
        return Timeline([(phase.name, phase.steps) for phase in self.phases])

    def digest(self) -> str:
        """Return the sha256 of all that decides the weights."""
        return hashlib.sha256(json.dumps(decisive(self.resolved), sort_keys=True).encode()).hexdigest()


def decisive(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the weights: a resolved table without texts, scores and `INDECISIVE`."""
    found = {key: value for key, value in resolved.items() if key not in (*_TEXTS, *_MEASURING)}
    train = found.get("train", {})
    return {**found, "train": {key: value for key, value in train.items() if key not in INDECISIVE}}


def load_recipe(source: str | Path, *, zoo: Zoo, profile: str | None = None, overrides: Sequence[str] = ()) -> Recipe:
    """Read, change and check a recipe, given by path or bundled name; RecipeError with everything that is wrong."""
    path = find_recipe(source)
    text = read_text(path)
    table = parse_toml(text, str(path))
    places = find_places(str(path), text)
    changes = profile_changes(table, profile) if profile else {}
    table, by_profile = with_overrides(table, changes, lambda key: places(f"profiles.{profile}.{key}"))
    assignments = dict(parse_assignment(override) for override in overrides)
    table, by_option = with_overrides(table, assignments, lambda key: f"--set {key}")
    places.origins = by_profile | by_option
    huge = [Problem("is an integer of more than 64 bits", key=key, place=places(key)) for key in enormous(table)]
    if huge:
        raise RecipeError(huge)
    name = path.parent.name if path.name == "recipe.toml" else path.stem
    return _Reader(table, places, zoo).read(name, text)


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Parse a TOML text; RecipeError with file and line for anything that is not TOML."""
    check_text(text, file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at ")
        line = position.removeprefix("line ").partition(",")[0]
        place = f"{file}:{line}" if line.isdecimal() else file
        raise RecipeError(Problem(f"is not TOML: {message[:1].lower()}{message[1:]}", place=place)) from error
    except RecursionError as error:
        raise RecipeError(Problem("is nested too deeply", place=file)) from error
    except ValueError as error:
        raise RecipeError(Problem(f"has a value out of range: {error}", place=file)) from error
    check_shape(table, file)
    return table


@dataclass
class _Reader:
    """Reads the sections of one table, collecting problems instead of stopping at the first."""

    table: dict[str, Any]
    places: Places
    zoo: Zoo
    problems: list[Problem] = field(default_factory=list)
    resolved: dict[str, Any] = field(default_factory=dict)
    used: set[type[Component]] = field(default_factory=set)
    #: The table of the component made last, every default written out.
    _made: Mapping[str, Any] = field(default_factory=dict)

    def read(self, name: str, text: str) -> Recipe:
        self.check_sections()
        texts = {key: self.text(key) for key in _TEXTS}
        train = self.section("train", TrainSettings)
        ema = self.section("ema", EmaSettings) if "ema" in self.table else None
        phases = self.phases()
        task = self.component("task", "task", Task)
        data = self.component("data", "dataset", Dataset)
        validation = self.component("validation", "dataset", Dataset) if "validation" in self.table else None
        architectures = self.architectures()
        exposes = task.exposes if task is not None else None
        names = [phase.name for phase in phases]
        losses = self.losses(exposes, names)
        regularizers = self.regularizers(exposes, names)
        metrics = self.metrics()
        optimizers = self.optimizers(losses)
        if self.problems or train is None or task is None or data is None:
            raise RecipeError(sorted(self.problems, key=_line))
        return Recipe(
            name=name,
            **texts,
            task=task,
            data=data,
            validation=validation,
            architectures=architectures,
            losses=losses,
            regularizers=regularizers,
            metrics=metrics,
            optimizers=optimizers,
            train=train,
            ema=ema,
            phases=tuple(phases),
            resolved=self.resolved,
            used=frozenset(self.used),
            text=text,
        )

    # -- the zoo, taking down every class that a table names -----------------------------------------------------------

    def find(self, kind: str, name: str) -> type[Component]:
        found = self.zoo.find(kind, name)
        self.used.add(found)
        return found

    def components(self) -> Iterable[tuple[str, str, type[Component]]]:
        return self.zoo.components()

    # -- sections ------------------------------------------------------------------------------------------------------

    def check_sections(self) -> None:
        for key, value in self.table.items():
            if key not in _KNOWN:
                self.wrong(f"unknown section{nearest(key, _KNOWN)}; known are {listing(_KNOWN)}", key)
            elif key in _TABLES and not isinstance(value, Mapping):
                self.wrong(f"is {shown(value)}, expected a table [{key}]", key)
            elif key in _LISTS and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
                self.wrong(f"expected an array of tables [[{key}]]", key)
        for key in ("task", "data", "generator", "train", "phases", "losses"):
            if not self.table.get(key) and not (key == "generator" and "networks" in self.table):
                self.wrong(f"the section [{key}] is missing", key)

    def text(self, key: str) -> str:
        value = self.table.get(key, "")
        if not isinstance(value, str):
            self.wrong(f"is {shown(value)}, expected a text", key)
            return ""
        if value:
            self.resolved[key] = value
        return value

    def section(self, key: str, cls: type[Settings]) -> Settings | None:
        found = self.settings(key, cls, self.mapping(self.table.get(key)))
        if found is not None:
            self.resolved[key] = _plain_settings(found)
        return found

    def phases(self) -> list[PhaseSettings]:
        tables = self.items("phases")
        found = [self.settings(f"phases.{i}", PhaseSettings, table) for i, table in enumerate(tables)]
        good = [phase for phase in found if phase is not None]
        for index, phase in enumerate(good):
            if phase.name in [other.name for other in good[:index]]:
                self.wrong(f"another phase is called '{phase.name}' too", f"phases.{index}.name")
        self.resolved["phases"] = [_plain_settings(phase) for phase in good]
        return good

    def architectures(self) -> dict[str, Architecture]:
        found: dict[str, Architecture] = {}
        for role in ("generator", "discriminator"):
            if role in self.table:
                made = self.component(role, "architecture", Architecture)
                if made is not None and made.role != role:
                    self.wrong(f"'{self.table[role]['name']}' is a {made.role}; {self.roles(role)}", f"{role}.name")
                elif made is not None:
                    found[role] = made
        for name in self.mapping(self.table.get("networks")):
            if not _NETWORK.fullmatch(name):
                self.wrong(f"{name!r} is no name; use letters, digits, '_' and '-'", f"networks.{name}")
                continue
            made = self.component(f"networks.{name}", "architecture", Architecture)
            if made is not None:
                found[name] = made
        return found

    def roles(self, role: str) -> str:
        names = self.zoo.names("architecture")
        fitting = [name for name in names if getattr(self.zoo.find("architecture", name), "role", "") == role]
        return f"a {role} was expected: {listing(fitting)}"

    def losses(self, exposes: Exposes | None, phases: Sequence[str]) -> tuple[WiredLoss, ...]:
        keys: list[str] = []
        found = []
        for key, table in self.numbered("losses"):
            wiring, own = self.wiring(key, table, LossWiring, phases)
            if wiring is None:
                continue
            made = None
            if wiring.term is None:
                made = self.component(key, "loss", Loss, own)
                if made is None:
                    continue
            elif own:
                self.wrong(f"a term has no options, but has {listing(own)}", key)
            self.check_target(key, made, wiring, exposes)
            log_key = _unique(wiring.label or wiring.term or str(table["name"]), keys)
            self.resolve_wired("losses", key, table, wiring)
            found.append(
                WiredLoss(
                    key=log_key,
                    loss=made,
                    term=wiring.term,
                    on=wiring.on,
                    weight=wiring.weight,
                    phases=_phase_set(wiring.phases),
                )
            )
        return tuple(found)

    def check_target(self, key: str, loss: Loss | None, wiring: LossWiring, exposes: Exposes | None) -> None:
        if exposes is None:
            return
        if wiring.term is not None:
            if wiring.term not in exposes.terms:
                known = f"it has {listing(exposes.terms)}"
                self.wrong(
                    f"the task has no term '{wiring.term}'{nearest(wiring.term, exposes.terms)}; {known}", f"{key}.term"
                )
            return
        targets, what = (exposes.pairs, "pair") if isinstance(loss, PairLoss) else (exposes.comparisons, "comparison")
        if wiring.on is not None and wiring.on not in targets:
            self.wrong(
                f"the task has no {what} '{wiring.on}'{nearest(wiring.on, targets)}; it has {listing(targets)}",
                f"{key}.on",
            )
        if wiring.on is None and (not targets or (what == "pair" and len(targets) > 1)):
            self.wrong(f"needs 'on', the name of a {what}; the task has {listing(targets)}", key)

    def regularizers(self, exposes: Exposes | None, phases: Sequence[str]) -> tuple[WiredRegularizer, ...]:
        keys: list[str] = []
        found = []
        for key, table in self.numbered("regularizers"):
            wiring, own = self.wiring(key, table, RegularizerWiring, phases)
            made = self.component(key, "regularizer", Regularizer, own)
            if wiring is None or made is None:
                continue
            if exposes is not None and wiring.on is not None and wiring.on not in exposes.comparisons:
                known = listing(exposes.comparisons)
                self.wrong(f"the task has no comparison '{wiring.on}'; it has {known}", f"{key}.on")
            log_key = _unique(wiring.label or str(table["name"]), keys)
            self.resolve_wired("regularizers", key, table, wiring)
            found.append(
                WiredRegularizer(
                    key=log_key,
                    regularizer=made,
                    on=wiring.on,
                    weight=wiring.weight,
                    interval=wiring.interval,
                    phases=_phase_set(wiring.phases),
                )
            )
        return tuple(found)

    def metrics(self) -> tuple[WiredMetric, ...]:
        keys: list[str] = []
        found = []
        for key, table in self.numbered("metrics"):
            wiring, own = self.wiring(key, table, MetricWiring, ())
            made = self.component(key, "metric", Metric, own)
            if wiring is not None and made is not None:
                self.resolve_wired("metrics", key, table, wiring)
                found.append(WiredMetric(key=_unique(wiring.label or table["name"], keys), make=self.maker(key, own)))
        return tuple(found)

    def maker(self, key: str, own: Mapping[str, Any]) -> Callable[[], Metric]:
        def make() -> Metric:
            metric: Metric = component_table("metric", own, zoo=self, key=key, base=Metric).component
            return metric

        return make

    def optimizers(self, losses: Sequence[WiredLoss]) -> dict[PlayerName, OptimizerSettings]:
        tables = self.mapping(self.table.get("optimizers"))
        for key in tables:
            if key not in _PLAYERS:
                self.wrong(
                    f"unknown player{nearest(key, _PLAYERS)}; known are {listing(_PLAYERS)}", f"optimizers.{key}"
                )
        adversarial = any(wired.loss is not None and not isinstance(wired.loss, PairLoss) for wired in losses)
        found: dict[PlayerName, OptimizerSettings] = {}
        for player in _PLAYERS:
            settings = self.optimizer(player, tables.get(player), needed=player == "generator" or adversarial)
            if settings is not None:
                found[player] = settings
        self.resolved["optimizers"] = {player: _plain_settings(settings) for player, settings in found.items()}
        return found

    def optimizer(self, player: PlayerName, table: Any, *, needed: bool) -> OptimizerSettings | None:
        key = f"optimizers.{player}"
        if not isinstance(table, Mapping):
            if needed:
                self.wrong(f'the section is missing; add [{key}] with name = "adam" and a learning_rate', key)
            return None
        name = table.get("name")
        if not isinstance(name, str) or name not in OPTIMIZERS:
            close = nearest(str(name), OPTIMIZERS)
            self.wrong(f"is {shown(name)}, expected one of {listing(OPTIMIZERS)}{close}", f"{key}.name")
            return None
        return self.settings(key, OPTIMIZERS[name], table)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def component(self, key: str, kind: str, base: type[Any], table: Any = None) -> Any:
        """Make one component, or note why not and return None; its resolved table is kept."""
        given = self.mapping_at(key) if table is None else table
        if given is None:
            return None
        try:
            made = component_table(kind, given, zoo=self, key=key, locate=self.places, base=base)
        except RecipeError as error:
            self.problems += error.problems
            return None
        if table is None:
            self.put(key, dict(made.table))
        else:
            self._made = made.table
        return made.component

    def wiring(
        self, key: str, table: Mapping[str, Any], cls: type[Settings], phases: Sequence[str]
    ) -> tuple[Settings | None, dict[str, Any]]:
        """Split a table into the core's keys and the component's own."""
        core = {name: value for name, value in table.items() if name in cls.model_fields}
        own = {name: value for name, value in table.items() if name not in cls.model_fields}
        wiring = self.settings(key, cls, core)
        unknown = [name for name in dict.fromkeys(getattr(wiring, "phases", None) or ()) if name not in phases]
        for name in unknown[:MOST_TOLD]:
            self.wrong(
                f"there is no phase '{name}'{nearest(name, phases)}; there are {listing(phases)}", f"{key}.phases"
            )
        return wiring, own

    def resolve_wired(self, section: str, key: str, table: Mapping[str, Any], wiring: Section) -> None:
        own = dict(self._made) if "name" in table else {}
        self.resolved.setdefault(section, []).append({**own, **_plain_settings(wiring)})

    def settings(self, key: str, cls: type[Settings], table: Mapping[str, Any]) -> Settings | None:
        """Check one of the core's own tables."""
        try:
            return cls.model_validate({name: _tuple(value) for name, value in table.items()})
        except ValidationError as error:
            for item in error.errors():
                self.note(key, cls, dict(item))
            return None

    def note(self, key: str, cls: type[Section], item: dict[str, Any]) -> None:
        inside = ".".join([key, *(str(part) for part in item["loc"][:1])])
        if item["type"] == "extra_forbidden":
            name = str(item["loc"][0])
            self.wrong(
                f"unknown key '{name}'{nearest(name, cls.model_fields)}; known are {listing(cls.model_fields)}", inside
            )
        elif item["type"] == "missing":
            self.wrong("is required", inside)
        else:
            message = str(item["msg"]).removeprefix("Value error, ")
            self.wrong(f"is {shown(item['input'])}: {message[:1].lower()}{message[1:]}", inside)

    def wrong(self, message: str, key: str) -> None:
        self.problems.append(Problem(message, key=key, place=self.places(key)))

    def put(self, key: str, value: Any) -> None:
        *parents, last = key.split(".")
        table = self.resolved
        for part in parents:
            table = table.setdefault(part, {})
        table[last] = value

    def numbered(self, section: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(f"{section}.{index}", table) for index, table in enumerate(self.items(section))]

    def items(self, section: str) -> list[Mapping[str, Any]]:
        found = self.table.get(section, [])
        return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []

    def mapping_at(self, key: str) -> Any:
        value: Any = self.table
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def mapping(self, value: Any) -> Mapping[str, Any]:
        return value if isinstance(value, Mapping) else {}


def _line(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.place.rpartition(":")
    return (file, int(line)) if line.isdecimal() and len(line) < 10 else (problem.place, 0)


def _unique(wanted: str, taken: list[str]) -> str:
    bare = wanted.rpartition("/")[2]
    key, count = bare, 1
    while key in taken:
        count += 1
        key = f"{bare}_{count}"
    taken.append(key)
    return key


def _phase_set(phases: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if phases is None else frozenset(phases)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain_settings(settings: Section) -> dict[str, Any]:
    """Return a section as TOML writes it; what is absent stays absent."""
    values = {name: plain(getattr(settings, name)) for name in type(settings).model_fields}
    return {name: value for name, value in values.items() if value is not None}
