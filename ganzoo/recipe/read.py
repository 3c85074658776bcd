"""From TOML to components: every mistake of a recipe found in one pass, each with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.callback import Callback
from ganzoo.contracts.component import Component
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.loss import Loss, PairLoss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.optimizer import Optimizer
from ganzoo.contracts.regularizer import PlayerName, Regularizer
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.task import LossTargets, Task
from ganzoo.contracts.wiring import WiredCallback, WiredLoss, WiredMetric, WiredOptimizer, WiredRegularizer
from ganzoo.errors import SET, Problem, RecipeError, is_one_slip, listing, nearest, nearest_key
from ganzoo.recipe.find import find_recipe, read_text
from ganzoo.recipe.limits import MOST_TOLD, check_shape, check_text, oversized_integers
from ganzoo.recipe.overrides import OVERRIDES, assigned, profile_changes, with_overrides
from ganzoo.recipe.own_data import SECTIONS, shares_examples, with_folders, without_other_validation
from ganzoo.recipe.places import Places, find_places
from ganzoo.recipe.recipe import TEXTS, Recipe
from ganzoo.recipe.settings import (
    CallbackSettings,
    EmaSettings,
    LossSettings,
    MetricSettings,
    NetworkSettings,
    OptimizerSettings,
    PhaseSettings,
    RegularizerSettings,
    Section,
    TrainSettings,
    stated_values,
)
from ganzoo.recipe.tables import plain_table
from ganzoo.schema.build import Constructed, component_table, is_named
from ganzoo.schema.values import phrase, shorten, to_toml
from ganzoo.zoo import Zoo, load_zoo

_TABLES = ("task", "data", "validation", "generator", "discriminator", "networks", "optimizers", "train", "ema")
_LISTS = ("losses", "regularizers", "metrics", "callbacks", "phases")
_KNOWN = (*TEXTS, *_TABLES, *_LISTS, "profiles")
_NETWORK = re.compile(r"[A-Za-z0-9_-]+")
#: The sections that the title of a recipe speaks of, and what stands between it and the keys that were changed there.
_IN_TITLES = ("task", "data", "generator", "discriminator", "networks", "losses", "regularizers")
CHANGED = " (changed: "
_PLAYERS: tuple[PlayerName, ...] = ("generator", "discriminator")

Settings = TypeVar("Settings", bound=Section)


def load_recipe(
    source: str | Path | Mapping[str, Any] | Recipe,
    *,
    zoo: Zoo | None = None,
    profile: str | None = None,
    overrides: str | Sequence[str] | Mapping[str, Any] = (),
) -> Recipe:
    """Read, change and check a recipe; RecipeError with everything that is wrong.

    `source` is a path, the name of a bundled recipe, a dict with the keys of a recipe file, or a recipe that was loaded
    before. `overrides` are texts as `--set` takes them, or a dict of values by dotted key. `zoo` is that of the
    installed plugins if it is not given.
    """
    return load_with(source, {}, zoo=load_zoo() if zoo is None else zoo, profile=profile, overrides=overrides)


def load_with(
    source: str | Path | Mapping[str, Any] | Recipe,
    sections: Mapping[str, Mapping[str, Any] | None],
    *,
    zoo: Zoo,
    profile: str | None = None,
    overrides: str | Sequence[str] | Mapping[str, Any] = (),
) -> Recipe:
    """Do the same with these sections in place of the recipe's own, or without them where they are None."""
    name, table, places = _written(source)
    changes = profile_changes(table, profile) if profile else {}
    table, by_profile = with_overrides(table, changes, lambda key: places(f"profiles.{profile}.{key}"))
    table = {key: value for key, value in {**table, **sections}.items() if value is not None}
    table, by_option = with_overrides(table, *assigned(overrides))
    table = without_other_validation(table, by_option)
    places.origins = by_profile | by_option
    huge = [
        Problem("is an integer of more than 64 bits", key=key, place=places(key)) for key in oversized_integers(table)
    ]
    if huge:
        raise RecipeError(huge)
    return _Reader(table, places, zoo).read(name)


def _written(source: str | Path | Mapping[str, Any] | Recipe) -> tuple[str, dict[str, Any], Places]:
    """Return a recipe's name, its table, and where its keys stand."""
    if isinstance(source, Recipe):
        return source.name, plain_table(source.resolved), Places("")
    if isinstance(source, Mapping):
        return "recipe", plain_table(source), Places("")
    if not isinstance(source, str | Path):
        raise RecipeError(f"a recipe is a path, the name of a bundled recipe or a dict, not {shorten(source)}")
    path = find_recipe(source)
    text = read_text(path)
    name = path.parent.name if path.name == "recipe.toml" else path.stem
    return name, parse_toml(text, str(path)), find_places(str(path), text)


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
    notices: list[str] = field(default_factory=list)
    log_keys: dict[str, list[str]] = field(default_factory=dict)
    #: Schedules of plugins by identity, with their resolved tables.
    schedules: dict[int, tuple[Schedule, Any]] = field(default_factory=dict)
    network_phases: dict[str, frozenset[str]] = field(default_factory=dict)

    def read(self, name: str) -> Recipe:
        self.check_sections()
        texts = {key: self.text(key) for key in TEXTS}
        train = self.section("train", TrainSettings)
        ema = self.section("ema", EmaSettings) if "ema" in self.table else None
        phases = self.phases()
        task = self.component("task", "task", Task)
        streams = task.streams if task is not None else None
        is_given = "validation" in self.table
        self.table = {**self.table, **with_folders(self.table, streams or ())}
        data = self.streams("data", streams)
        # what is wrong with a folder is told once
        wanted = is_given or (data is not None and "validation" in self.table)
        validation = self.streams("validation", streams) if wanted else None
        self.note_shared_examples()
        # a phase with another mistake has a name all the same
        names = [table["name"] for table in self.items("phases") if isinstance(table.get("name"), str)]
        architectures = self.architectures(names)
        exposes = exposed_by(task) if task is not None else None
        losses = self.losses(exposes, names)
        regularizers = self.regularizers(exposes, names)
        metrics = self.metrics()
        trained = self.trained_players(losses, exposes)
        optimizers = self.optimizers(trained)
        callbacks = self.callbacks()
        self.check_effect(losses, regularizers, names, train, trained)
        if self.problems or train is None or task is None or data is None:
            raise RecipeError(sorted(self.problems, key=_line))
        return Recipe(
            name=name,
            **texts,
            task=task,
            data=data,
            validation=validation,
            architectures=architectures,
            network_phases=self.network_phases,
            losses=losses,
            regularizers=regularizers,
            metrics=metrics,
            optimizers=optimizers,
            callbacks=callbacks,
            train=train,
            ema=ema,
            phases=tuple(phases),
            resolved=self.resolved,
            used=frozenset(self.used),
            notices=tuple(dict.fromkeys(self.notices)),
        )

    # -- sections ------------------------------------------------------------------------------------------------------

    def check_sections(self) -> None:
        for key, value in self.table.items():
            if key not in _KNOWN:
                self.wrong(f"unknown section{nearest_key(key, _KNOWN)}; known are {listing(_KNOWN)}", key)
            elif key in SECTIONS and isinstance(value, str) and value:
                continue
            elif key in _TABLES and not isinstance(value, Mapping):
                path = ", or a text: the path of a folder" if key in SECTIONS else ""
                self.wrong(f"is {shorten(value)}, expected a table [{key}]{path}", key)
            elif key in _LISTS and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
                self.wrong(f"expected an array of tables [[{key}]]", key)
        for key in ("task", "data", "generator", "train", "phases", "losses"):
            if not self.table.get(key) and not (key == "generator" and "networks" in self.table):
                self.wrong(f"the section [{key}] is missing", key)

    def text(self, key: str) -> str:
        value = self.table.get(key, "")
        if not isinstance(value, str):
            self.wrong(f"is {shorten(value)}, expected a text", key)
            return ""
        if key == "title":
            value = self.retitled(value)
        if value:
            self.resolved[key] = value
        return value

    def retitled(self, title: str) -> str:
        """Return a title that says which of the things that titles speak of were changed by overrides."""
        origins = self.places.origins.items()
        changes = [place.removeprefix(SET) for _, place in origins if place.startswith(SET)]
        changes += [key for key, place in origins if place == OVERRIDES]
        changed = [key for key in changes if key.partition(".")[0] in _IN_TITLES]
        if not (title and changed) or "title" in changes:
            return title
        bare, _, before = title.partition(CHANGED)
        told = dict.fromkeys([*filter(None, before.removesuffix(")").split(", ")), *changed])
        return f"{bare}{CHANGED}{', '.join(told)})"

    def section(self, key: str, cls: type[Settings]) -> Settings | None:
        found = self.settings(key, cls, self.mapping(self.table.get(key)))
        if found is not None:
            self.resolved[key] = self.plain(found)
        return found

    def phases(self) -> list[PhaseSettings]:
        tables = self.items("phases")
        found = [self.settings(f"phases.{i}", PhaseSettings, table) for i, table in enumerate(tables)]
        good = [phase for phase in found if phase is not None]
        for index, phase in enumerate(good):
            if phase.name in [other.name for other in good[:index]]:
                self.wrong(f"another phase is called '{phase.name}' too", f"phases.{index}.name")
        self.resolved["phases"] = [self.plain(phase) for phase in good]
        return good

    def streams(self, section: str, names: Sequence[str] | None) -> dict[str, Dataset] | None:
        """Return a dataset for each stream: `[data]` for a single one, `[data.NAME]` for each of several."""
        if names is None or not isinstance(self.table.get(section), Mapping):
            return None
        if len(names) == 1:
            made = self.component(section, "dataset", Dataset)
            return None if made is None else {names[0]: made}
        table = self.mapping(self.table.get(section))
        if isinstance(table.get("name"), str):
            needed = " and ".join(f"[{section}.{name}]" for name in names)
            self.wrong(f"the task needs {len(names)} streams of examples; write {needed}", section)
            return None
        for name in set(table) - set(names):
            message = f"the task has no stream '{name}'{nearest(name, names)}; it has {listing(names)}"
            self.wrong(message, f"{section}.{name}")
        for name in names:
            if name not in table:
                self.wrong(f"the section is missing: the task needs the stream '{name}'", f"{section}.{name}")
        made_of = {name: self.component(f"{section}.{name}", "dataset", Dataset) for name in names if name in table}
        return {name: made for name, made in made_of.items() if made is not None}

    def note_shared_examples(self) -> None:
        if shares_examples(*(self.resolved.get(section) for section in SECTIONS)):
            self.note_key("has training examples of [data]: scores on them say nothing about new ones", "validation")

    def architectures(self, phases: Sequence[str]) -> dict[str, Architecture]:
        found: dict[str, Architecture] = {}
        for role in ("generator", "discriminator"):
            if role in self.table:
                made = self.network(role, role, phases)
                if made is not None and made.role != role:
                    self.wrong(f"'{self.table[role]['name']}' is a {made.role}; {self.roles(role)}", f"{role}.name")
                elif made is not None:
                    found[role] = made
        for name in self.mapping(self.table.get("networks")):
            if not _NETWORK.fullmatch(name):
                self.wrong(f"{name!r} is not a valid name; use letters, digits, '_' and '-'", f"networks.{name}")
                continue
            if name in found:
                self.wrong(f"[{name}] configures this network already; keep one of them", f"networks.{name}")
                continue
            made = self.network(f"networks.{name}", name, phases)
            if made is not None:
                found[name] = made
        return found

    def network(self, key: str, name: str, phases: Sequence[str]) -> Architecture | None:
        """Make the architecture of a section, and note in which phases its network is trained."""
        given = self.mapping_at(key)
        settings = self.settings(key, NetworkSettings, core_keys(self.mapping(given), NetworkSettings))
        self.check_phases(key, settings, phases)
        own = own_keys(given, NetworkSettings) if isinstance(given, Mapping) else given
        made = None if own is None else self.make(key, "architecture", Architecture, own, NetworkSettings.model_fields)
        if made is None or settings is None:
            return None
        if settings.phases is not None:
            self.network_phases[name] = frozenset(settings.phases)
        self.put(key, {**made.table, **self.plain(settings)})
        architecture: Architecture = made.component
        return architecture

    def roles(self, role: str) -> str:
        names = self.zoo.names("architecture")
        fitting = [name for name in names if getattr(self.zoo.find("architecture", name), "role", "") == role]
        return f"a {role} was expected: {listing(fitting)}"

    def losses(self, exposes: LossTargets | None, phases: Sequence[str]) -> tuple[WiredLoss, ...]:
        found = []
        for key, table, settings, made in self.wired("losses", "loss", Loss, LossSettings, phases):
            self.check_target(key, made, settings, exposes)
            name = settings.label or settings.term or str(table["name"])
            found.append(WiredLoss(key=self.log_key("losses", name), loss=made, **settings.wiring))
        return tuple(found)

    def check_target(self, key: str, loss: Loss | None, settings: LossSettings, exposes: LossTargets | None) -> None:
        if exposes is None:
            return
        if settings.term is not None:
            if settings.on is not None:
                self.wrong("has no effect beside 'term': the task says what its terms act on", f"{key}.on")
            if settings.term not in exposes.terms:
                known = f"it has {listing(exposes.terms)}"
                self.wrong(
                    f"the task has no term '{settings.term}'{nearest(settings.term, exposes.terms)}; {known}",
                    f"{key}.term",
                )
            return
        targets, what = (exposes.pairs, "pair") if isinstance(loss, PairLoss) else (exposes.comparisons, "comparison")
        if settings.on is not None and settings.on not in targets:
            self.wrong(
                f"the task has no {what} '{settings.on}'{nearest(settings.on, targets)}; it has {listing(targets)}",
                f"{key}.on",
            )
        if settings.on is None and (not targets or (what == "pair" and len(targets) > 1)):
            self.wrong(f"needs 'on', the name of a {what}; the task has {listing(targets)}", key)

    def regularizers(self, exposes: LossTargets | None, phases: Sequence[str]) -> tuple[WiredRegularizer, ...]:
        found = []
        for key, table, settings, made in self.wired(
            "regularizers", "regularizer", Regularizer, RegularizerSettings, phases
        ):
            if exposes is not None and settings.on is not None and settings.on not in exposes.comparisons:
                known = listing(exposes.comparisons)
                self.wrong(f"the task has no comparison '{settings.on}'; it has {known}", f"{key}.on")
            self.check_penalty(key, made, settings)
            name = self.log_key("regularizers", settings.label or str(table["name"]))
            found.append(WiredRegularizer(key=name, regularizer=made, **settings.wiring))
        return tuple(found)

    def check_penalty(self, key: str, regularizer: Regularizer, settings: RegularizerSettings) -> None:
        """Refuse what only penalties have on a regularizer without one; the defaults stand in every resolved recipe."""
        if regularizer.has_penalty:
            return
        for name in ("weight", "interval"):
            if getattr(settings, name) != RegularizerSettings.model_fields[name].default:
                self.wrong("has no effect: this regularizer has no penalty", f"{key}.{name}")

    def check_effect(
        self,
        losses: Sequence[WiredLoss],
        regularizers: Sequence[WiredRegularizer],
        phases: Sequence[str],
        train: TrainSettings | None,
        trained: Collection[PlayerName],
    ) -> None:
        """Refuse, or take note of, what cannot change anything; only where everything else is right."""
        if self.problems:
            return
        for index, phase in enumerate(phases):
            if not any(wired.phases is None or phase in wired.phases for wired in losses):
                self.wrong(f"no loss acts in the phase '{phase}', so that it trains nothing", f"phases.{index}")
        if "discriminator" in trained:
            return
        for index, wired in enumerate(regularizers):
            if _is_for_discriminators(wired.regularizer):
                self.wrong("has no effect: no loss trains a discriminator", f"regularizers.{index}")
        unused = "has no effect: no loss trains a discriminator"
        if "discriminator" in self.resolved["optimizers"]:
            self.note_key(unused, "optimizers.discriminator")
        if train is not None and train.n_critic != Constant(1.0):
            self.note_key(unused, "train.n_critic")
        if train is not None and train.first == "generator":
            self.note_key(unused, "train.first")

    def note_key(self, message: str, key: str) -> None:
        self.notices.append(str(Problem(message, key, self.places(key))))

    def metrics(self) -> tuple[WiredMetric, ...]:
        found = []
        for key, table, settings, _ in self.wired("metrics", "metric", Metric, MetricSettings, ()):
            name = self.log_key("metrics", settings.label or str(table["name"]))
            resolved = own_keys(self.resolved["metrics"][-1], MetricSettings)
            make = self.maker(key, own_keys(table, MetricSettings))
            found.append(WiredMetric(key=name, make=make, table=resolved))
        return tuple(found)

    def maker(self, key: str, own: Mapping[str, Any]) -> Callable[[], Metric]:
        def make() -> Metric:
            metric: Metric = component_table("metric", own, zoo=self.zoo, key=key, base=Metric).component
            return metric

        return make

    def wired(
        self, section: str, kind: str, base: type[Any], cls: type[Settings], phases: Sequence[str]
    ) -> Iterator[tuple[str, Mapping[str, Any], Settings, Any]]:
        """Yield key, table, the core's settings and the component of each right item; a term has no component."""
        for index, table in enumerate(self.items(section)):
            key = f"{section}.{index}"
            settings = self.settings(key, cls, core_keys(table, cls))
            self.check_phases(key, settings, phases)
            own = own_keys(table, cls)
            is_term = getattr(settings, "term", None) is not None
            for name in own if is_term else ():
                close = nearest(name, cls.model_fields)
                self.wrong(f"unknown key '{name}'{close}; a term has no options", f"{key}.{name}")
            made = None if is_term else self.make(key, kind, base, own, cls.model_fields)
            if settings is None or (made is None and not is_term):
                continue
            if any(value < 0 for value in stated_values(getattr(settings, "weight", Constant(1.0)))):
                self.note_key("is negative: what it weighs is maximised", f"{key}.weight")
            resolved = {**(made.table if made else {}), **self.plain(settings)}
            self.resolved.setdefault(section, []).append(resolved)
            yield key, table, settings, made.component if made else None

    def trained_players(self, losses: Sequence[WiredLoss], exposes: LossTargets | None) -> set[PlayerName]:
        """Return the players that the losses train, as far as the task is known."""
        if exposes is None:
            return set()
        known = [wired for wired in losses if wired.term is None or wired.term in exposes.terms]
        return {player for wired in known for player in wired.trains(exposes)}

    def optimizers(self, trained: Collection[PlayerName]) -> dict[str, WiredOptimizer]:
        tables = self.mapping(self.table.get("optimizers"))
        absent = [player for player in _PLAYERS if player not in tables]
        networks = [name for name in tables if name not in _PLAYERS]
        for name in networks:
            for player in absent:
                if is_one_slip(name, player):
                    self.wrong(f"unknown player (did you mean '{player}'?)", f"optimizers.{name}")
        for player in absent:
            # each network of the player may have its own optimizer
            if not networks and (player == "generator" or player in trained):
                message = f'the section is missing; add [optimizers.{player}] with name = "adam" and a learning_rate'
                self.wrong(message, f"optimizers.{player}")
        found: dict[str, WiredOptimizer] = {}
        for name in networks:
            if not _NETWORK.fullmatch(name):
                self.wrong(f"{name!r} is not a valid name; use letters, digits, '_' and '-'", f"optimizers.{name}")
        for name in (*_PLAYERS, *filter(_NETWORK.fullmatch, networks)):
            wired = self.optimizer(name, tables[name]) if name in tables else None
            if wired is not None:
                found[name] = wired
        return found

    def optimizer(self, name: str, table: Any) -> WiredOptimizer | None:
        key = f"optimizers.{name}"
        given = self.mapping(table)
        settings = self.settings(key, OptimizerSettings, core_keys(given, OptimizerSettings))
        own = own_keys(given, OptimizerSettings) if isinstance(table, Mapping) else table
        made = self.make(key, "optimizer", Optimizer, own, OptimizerSettings.model_fields)
        if made is None or settings is None:
            return None
        self.put(key, {**made.table, **self.plain(settings)})
        return WiredOptimizer(optimizer=made.component, rate=settings.learning_rate)

    def callbacks(self) -> tuple[WiredCallback, ...]:
        found = []
        for _, table, settings, made in self.wired("callbacks", "callback", Callback, CallbackSettings, ()):
            name = self.log_key("callbacks", settings.label or str(table["name"]))
            found.append(WiredCallback(key=name, callback=made, every=settings.every))
        return tuple(found)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def component(self, key: str, kind: str, base: type[Any]) -> Any:
        """Make the component of a section, or note why not and return None; its resolved table is kept."""
        given = self.mapping_at(key)
        made = None if given is None else self.make(key, kind, base, given)
        if made is None:
            return None
        self.put(key, dict(made.table))
        return made.component

    def make(self, key: str, kind: str, base: type[Any], table: Any, core: Collection[str] = ()) -> Constructed | None:
        """Make one component, or note why not and return None."""
        try:
            made = component_table(kind, table, zoo=self.zoo, key=key, locate=self.places, base=base, core=core)
        except RecipeError as error:
            self.problems += error.problems
            return None
        if kind != Callback.kind:
            self.used |= made.used
        self.notices += made.notices
        return made

    def check_phases(self, key: str, settings: Section | None, phases: Sequence[str]) -> None:
        if getattr(settings, "phases", None) == ():
            self.wrong("is empty, so that it never acts; leave it out for all phases", f"{key}.phases")
        unknown = [name for name in dict.fromkeys(getattr(settings, "phases", None) or ()) if name not in phases]
        for name in unknown[:MOST_TOLD]:
            self.wrong(
                f"there is no phase '{name}'{nearest(name, phases)}; there are {listing(phases)}", f"{key}.phases"
            )

    def settings(self, key: str, cls: type[Settings], table: Mapping[str, Any]) -> Settings | None:
        """Check one of the core's own tables."""
        values = {name: _tuple(value) for name, value in table.items()}
        good = True
        for name in cls.schedules & values.keys():
            if is_named(values[name]):
                made = self.make(f"{key}.{name}", Schedule.kind, Schedule, values[name])
                good = good and made is not None
                # a wrong one is reported already
                values[name] = Constant(1.0) if made is None else self.kept_schedule(made)
        try:
            found = cls.model_validate(values)
            return found if good else None
        except ValidationError as error:
            for item in error.errors():
                self.note(key, cls, dict(item))
            return None

    def kept_schedule(self, made: Constructed) -> Schedule:
        """Return the schedule of a plugin; its table is kept for the resolved recipe."""
        schedule: Schedule = made.component
        self.schedules[id(schedule)] = (schedule, made.table)
        return schedule

    def plain(self, settings: Section) -> dict[str, Any]:
        """Return a section as TOML writes it; what is absent stays absent."""
        values = {name: getattr(settings, name) for name in type(settings).model_fields}
        tables = {
            name: self.schedules[id(value)][1] if id(value) in self.schedules else to_toml(value)
            for name, value in values.items()
        }
        return {name: table for name, table in tables.items() if table is not None}

    def note(self, key: str, cls: type[Section], item: dict[str, Any]) -> None:
        inside = ".".join([key, *(str(part) for part in item["loc"][:1])])
        if item["type"] == "extra_forbidden":
            name = str(item["loc"][0])
            self.wrong(
                f"unknown key '{name}'{nearest_key(name, cls.model_fields)}; known are {listing(cls.model_fields)}",
                inside,
            )
        elif item["type"] == "missing":
            self.wrong("is required", inside)
        else:
            given, choices = item["input"], get_args(cls.model_fields[str(item["loc"][0])].annotation)
            close = nearest(given, choices) if item["type"] == "literal_error" and isinstance(given, str) else ""
            self.wrong(f"is {shorten(given)}{close}: {phrase(item)}", inside)

    def wrong(self, message: str, key: str) -> None:
        self.problems.append(Problem(message, key=key, place=self.places(key)))

    def log_key(self, section: str, name: str) -> str:
        """Return the name of an item in the logs: without its plugin, numbered when it is taken."""
        taken = self.log_keys.setdefault(section, [])
        bare = name.rpartition("/")[2]
        key, count = bare, 1
        while key in taken:
            count += 1
            key = f"{bare}_{count}"
        taken.append(key)
        return key

    def put(self, key: str, value: Any) -> None:
        *parents, last = key.split(".")
        table = self.resolved
        for part in parents:
            table = table.setdefault(part, {})
        table[last] = value

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


def _is_for_discriminators(regularizer: Regularizer) -> bool:
    """Return whether a regularizer acts on the discriminator and on nothing else."""
    acts = regularizer.has("discriminator_inputs") or regularizer.has("discriminator_penalty")
    return acts and not (regularizer.has("generator_penalty") or regularizer.has("weight_penalty"))


def _line(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.place.rpartition(":")
    return (file, int(line)) if line.isdecimal() and len(line) < 10 else (problem.place, 0)


def core_keys(table: Mapping[str, Any], cls: type[Section]) -> dict[str, Any]:
    """Return the part of a table that the core reads itself."""
    return {name: value for name, value in table.items() if name in cls.model_fields}


def own_keys(table: Mapping[str, Any], cls: type[Section]) -> dict[str, Any]:
    """Return a table without the keys that the core reads itself."""
    return {name: value for name, value in table.items() if name not in cls.model_fields}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def exposed_by(task: Task) -> LossTargets:
    """Return what a recipe can wire losses to; PluginError naming the task when it breaks its contract."""
    with blaming(task, "task, exposes"):
        exposes = task.exposes
    if not isinstance(exposes, LossTargets):
        raise broken_contract(task, "task", f"exposes is {type(exposes).__name__}, expected LossTargets")
    return exposes
