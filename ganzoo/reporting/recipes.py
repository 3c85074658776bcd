"""Recipes as flat tables, and where two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganzoo.recipe.recipe import TEXTS
from ganzoo.reporting.reading import table, text

ABSENT = "(absent)"


@dataclass(frozen=True)
class Difference:
    """A key that has not the same value in all recipes; `values` in the order of the recipes."""

    key: str
    values: tuple[str, ...]


def without_seed(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a recipe without its seed and what it says about itself: equal ones are trials of one experiment."""
    train = {key: value for key, value in table(recipe, "train").items() if key != "seed"}
    return {**without_texts(recipe), "train": train}


def without_texts(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a recipe without what it says about itself."""
    return {key: value for key, value in recipe.items() if key not in TEXTS}


def differences(recipes: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """Return the keys in which resolved recipes differ, one line for a component that not all of them have."""
    flat = [_flat_lists(recipe) for recipe in recipes]
    return tuple(_differences("", flat))


def _differences(prefix: str, values: Sequence[Any]) -> Iterator[Difference]:
    if all(value == values[0] for value in values):
        return
    if all(isinstance(value, Mapping) for value in values):
        for key in dict.fromkeys(key for value in values for key in value):
            yield from _differences(f"{prefix}.{key}" if prefix else key, [value.get(key) for value in values])
    else:
        yield Difference(text(prefix), tuple(value_text(value) for value in values))


def value_text(value: Any) -> str:
    """Return a value of a recipe on one line; a table without braces."""
    if value is None:
        return ABSENT
    if isinstance(value, Mapping):
        return ", ".join(f"{text(key)} {value_text(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(value_text(part) for part in value) or "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else text(value)


def _flat_lists(value: Any) -> Any:
    """Return a table whose lists of tables are tables by the names in them, as `--set` addresses them."""
    if isinstance(value, Mapping):
        return {key: _flat_lists(part) for key, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        named: dict[str, Any] = {}
        for part in value:
            name = short_name(part)
            number = 2
            while name in named:
                name, number = f"{short_name(part)}-{number}", number + 1
            named[name] = _flat_lists(part)
        return named
    return value


def short_name(component: Mapping[str, Any]) -> str:
    """Return what a component's table is called: its label, or its name without the plugin's."""
    named = component.get("label") or component.get("name") or component.get("term") or "unnamed"
    return text(named).rpartition("/")[2]
