"""Where a recipe differs from the bundled one that it comes from, and from the defaults of its components."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ganzoo.errors import GanzooError
from ganzoo.recipe import list_recipes, load_recipe
from ganzoo.recipe.read import CHANGED
from ganzoo.recipe.settings import (
    EmaSettings,
    LossSettings,
    MetricSettings,
    OptimizerSettings,
    PhaseSettings,
    RegularizerSettings,
    TrainSettings,
)
from ganzoo.reporting.reading import table
from ganzoo.reporting.recipes import Difference, differences, short_name, value_text, without_texts
from ganzoo.schema.options import options
from ganzoo.schema.values import to_toml
from ganzoo.zoo import Zoo

_NETWORKS = ("generator", "discriminator")
_SECTIONS: Mapping[str, type[BaseModel]] = {"train": TrainSettings, "ema": EmaSettings}
_LISTS: Mapping[str, tuple[str, type[BaseModel]]] = {
    "losses": ("loss", LossSettings),
    "regularizers": ("regularizer", RegularizerSettings),
    "metrics": ("metric", MetricSettings),
}


def bundled_origin(recipe: Mapping[str, Any], zoo: Zoo) -> tuple[str, tuple[Difference, ...]] | None:
    """Return the name of the bundled recipe with the same title, and where this one differs; None without one."""
    title = str(recipe.get("title") or "").partition(CHANGED)[0]
    for name, path in list_recipes().items():
        if title and tomllib.loads(path.read_text(encoding="utf-8")).get("title") == title:
            try:
                return name, differences(
                    [without_texts(each) for each in (load_recipe(path, zoo=zoo).resolved, recipe)]
                )
            except GanzooError:
                return None
    return None


def beyond_defaults(recipe: Mapping[str, Any], zoo: Zoo) -> tuple[Difference, ...]:
    """Return the options that have not their default: key, default, value."""
    return tuple(
        Difference(f"{place}.{key}", (value_text(default), value_text(value)))
        for place, given, defaults in _tables(recipe, zoo)
        for key, value in given.items()
        if key not in ("name", "label") and value != (default := defaults.get(key))
    )


def _tables(recipe: Mapping[str, Any], zoo: Zoo) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each table of a recipe with its place and what its keys are by default."""
    for place, kind, given in _components(recipe):
        yield place, given, _of_component(kind, given, zoo) | _of_section(_COMMON.get(kind))
    for place, section in _SECTIONS.items():
        yield place, table(recipe, place), _of_section(section)
    for phase in _tables_in(recipe.get("phases")):
        yield f"phases.{short_name(phase)}", phase, _of_section(PhaseSettings)


_COMMON: Mapping[str, type[BaseModel]] = dict(_LISTS.values()) | {"optimizer": OptimizerSettings}


def _components(recipe: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield place, kind and table of each component."""
    yield "task", "task", table(recipe, "task")
    for place in ("data", "validation"):
        found = table(recipe, place)
        streams = {place: found} if "name" in found else {f"{place}.{name}": table(found, name) for name in found}
        yield from ((stream, "dataset", given) for stream, given in streams.items())
    networks = {name: table(recipe, name) for name in _NETWORKS if name in recipe}
    networks |= {f"networks.{name}": table(table(recipe, "networks"), name) for name in table(recipe, "networks")}
    yield from ((place, "architecture", given) for place, given in networks.items())
    for place, (kind, _) in _LISTS.items():
        yield from ((f"{place}.{short_name(given)}", kind, given) for given in _tables_in(recipe.get(place)))
    optimizers = table(recipe, "optimizers")
    yield from ((f"optimizers.{name}", "optimizer", table(optimizers, name)) for name in optimizers)


def _tables_in(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def _of_component(kind: str, given: Mapping[str, Any], zoo: Zoo) -> dict[str, Any]:
    """Return the defaults of a component; nothing for one that is not installed here."""
    try:
        cls = zoo.find(kind, str(given.get("name")))
        return {option.name: to_toml(option.default) for option in options(cls) if not option.required}
    except GanzooError:
        return {}


def _of_section(section: type[BaseModel] | None) -> dict[str, Any]:
    fields = {} if section is None else section.model_fields
    return {name: to_toml(field.default) for name, field in fields.items() if not field.is_required()}


def component_rows(recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return section and name of each component of a recipe."""
    lists = [kind for kind, _ in _LISTS.values()]
    return [
        (place.partition(".")[0] if kind in lists else place, value_text(given.get("name", given.get("term"))))
        for place, kind, given in _components(recipe)
        if given
    ]
