"""Recipes written in Python: what TOML could hold, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ganzoo.errors import Problem, RecipeError
from ganzoo.recipe.limits import check_shape
from ganzoo.schema.values import shorten

_VALUES = (str, bool, int, float)


def plain_table(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping from Python as TOML would give it; RecipeError with every value that TOML cannot hold.

    Tuples become lists, paths texts, NumPy's numbers those of Python; a key whose value is None is left out.
    """
    try:
        problems = list(_foreign(given, ""))
        table = _plain(given)
    except RecursionError as error:
        raise RecipeError("the recipe is nested too deeply") from error
    if problems:
        raise RecipeError(problems)
    check_shape(table, "the recipe")
    return dict(table)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _foreign(value: Any, key: str) -> Iterator[Problem]:
    """Yield what TOML cannot hold."""
    if isinstance(value, Mapping | list | tuple):
        for name, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            if isinstance(value, Mapping) and not isinstance(name, str):
                yield Problem(f"has the key {shorten(name)}, expected a text", key=key)
            else:
                yield from _foreign(part, f"{key}.{name}" if key else str(name))
    elif value is not None and not isinstance(_plain(value), _VALUES):
        yield Problem(
            f"is {shorten(value)}, expected a text, number, true or false, list or table; a class of your own is named "
            "here, and given to load_zoo",
            key=key,
        )
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        yield Problem("is not UTF-8 text", key=key)
