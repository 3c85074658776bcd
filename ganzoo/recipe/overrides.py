"""`--set KEY=VALUE` and profiles: named changes to a recipe's values, nothing else."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganzoo.errors import SET, Problem, RecipeError, listing, nearest
from ganzoo.recipe.limits import DEEPEST, MOST_TOLD, check_shape
from ganzoo.recipe.own_data import SECTIONS, BareFolder
from ganzoo.recipe.tables import plain_table
from ganzoo.schema.options import RESERVED
from ganzoo.schema.values import Written, as_written

#: The place of changes that a Python program gives as a dict.
OVERRIDES = "overrides"
#: Keys of the items of a section that mean the same for every name of the item.
_KEPT_KEYS: Mapping[str, frozenset[str]] = {
    "losses": RESERVED["loss"],
    "regularizers": RESERVED["regularizer"],
    "metrics": RESERVED["metric"],
    "callbacks": RESERVED["callback"],
    "networks": RESERVED["architecture"],
    "optimizers": RESERVED["optimizer"],
    "phases": frozenset({"steps", "learning_rate", "batch_size", "reset_optimizers"}),
}


def assigned(overrides: str | Sequence[str] | Mapping[str, Any]) -> tuple[dict[str, Any], Callable[[str], str]]:
    """Return changes by dotted key, and where each is written: texts as `--set` takes them, or a dict of values."""
    if isinstance(overrides, Mapping):
        for key in overrides:
            if not isinstance(key, str) or not _is_path(key):
                raise RecipeError(Problem(f"has {key!r}, expected a key as 'train.seed'", place=OVERRIDES))
            _check_depth(key, OVERRIDES)
        return plain_table(overrides), lambda _key: OVERRIDES
    texts = [overrides] if isinstance(overrides, str) else overrides
    return dict(parse_assignment(text) for text in texts), lambda key: f"{SET}{key}"


def parse_assignment(text: str) -> tuple[str, Any]:
    """Return key and value of `KEY=VALUE`; a value that is not TOML is plain text, and a number can be one."""
    key, equals, value = text.partition("=")
    if not equals or not _is_path(key):
        raise RecipeError(Problem("expected KEY=VALUE, as train.seed=1", place=f"{SET}{text}"))
    place = f"{SET}{key.strip()}"
    _check_depth(key, place)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RecipeError(Problem("is not UTF-8 text", place=place)) from error
    try:
        found = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        found = {}
    check_shape(found, place)
    written = as_written(found["value"], value.strip()) if list(found) == ["value"] else value.strip()
    return key.strip(), written.text if key.strip() in SECTIONS and isinstance(written, Written) else written


def _is_path(key: str) -> bool:
    return all(part.strip() for part in key.split("."))


def _check_depth(key: str, place: str) -> None:
    if key.count(".") >= DEEPEST:
        raise RecipeError(Problem(f"has a key of more than {DEEPEST} parts", place=place))


def with_overrides(
    table: Mapping[str, Any], changes: Mapping[str, Any], locate: Callable[[str], str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a copy of the recipe's table with these dotted keys changed, and where each changed key now comes from.

    Items of a list are addressed by their label, name or term, or by index; the keys returned have the index. Setting
    the `name` of a component drops the other keys it had: they belonged to another one. `locate` returns where a change
    is written. RecipeError with the changes that do not fit.
    """
    changed = copy.deepcopy(dict(table))
    origins: dict[str, str] = {}
    problems: list[Problem] = []
    for key, value in changes.items():
        try:
            origins[_set(changed, key.split("."), value)] = locate(key)
        except RecipeError as error:
            problems.append(Problem(str(error), key=key, place=locate(key)))
        if len(problems) == MOST_TOLD:
            break
    if problems:
        raise RecipeError(problems)
    return changed, origins


def profile_changes(table: Mapping[str, Any], profile: str) -> Mapping[str, Any]:
    """Return the changes of a profile; RecipeError with the nearest name when there is no such profile."""
    profiles = table.get("profiles", {})
    known = profiles if isinstance(profiles, Mapping) else {}
    if not isinstance(known.get(profile), Mapping):
        raise RecipeError(
            Problem(
                f"no such profile{nearest(profile, known)}; the recipe has {listing(known)}",
                place=f"--profile {profile}",
            )
        )
    return dict(known[profile])


def _set(table: Any, path: list[str], value: Any) -> str:
    """Change one value; return its key with the index of each list item."""
    *parents, last = path
    key = ""
    for depth, part in enumerate(parents):
        table, key = _child(table, part, ".".join(path[: depth + 1])), f"{key}{_step(table, part)}."
    if isinstance(table, list):
        last = _step(table, last)
        table[int(last)] = value
    elif isinstance(table, dict):
        if last == "name" and isinstance(value, str) and not _is_same_name(table.get("name"), value):
            _forget_options(table, _kept(path))
        table[last] = value
    else:
        raise RecipeError(f"'{'.'.join(parents)}' is a value, not a table")
    return key + last


def _kept(path: list[str]) -> frozenset[str]:
    """Return the keys that stay when the component at this path gets another name."""
    if len(path) == 2 and path[0] in ("generator", "discriminator"):
        return RESERVED["architecture"]
    return _KEPT_KEYS.get(path[0], frozenset()) if len(path) == 3 else frozenset()


def _step(table: Any, part: str) -> str:
    return str(_index(table, part)) if isinstance(table, list) else part


def _forget_options(table: dict[str, Any], kept: frozenset[str]) -> None:
    for key in set(table) - kept:
        del table[key]


def _is_same_name(old: Any, new: Any) -> bool:
    """Return whether a plain name stands for the component that a resolved recipe names with its plugin."""
    return bool(old == new or (isinstance(old, str) and old.rpartition("/")[2] == new))


def _child(table: Any, part: str, path: str) -> Any:
    if isinstance(table, list):
        return table[_index(table, part)]
    if isinstance(table, dict):
        child = table.setdefault(part, {})
        if isinstance(child, str) and (
            path in SECTIONS or (path.rpartition(".")[0] in SECTIONS and "name" not in table)
        ):
            table[part] = BareFolder(child)
        return table[part]
    raise RecipeError(f"'{path}' is inside a value, not a table")


def _index(items: list[Any], part: str) -> int:
    names = [_names(item) for item in items]
    found = [index for index, known in enumerate(names) if part in known]
    if len(found) == 1:
        return found[0]
    if part.isdecimal() and len(part) < 10 and int(part) < len(items):
        return int(part)
    known = [name for group in names for name in group[:1]]
    if found:
        raise RecipeError(f"several items are called '{part}'; use an index from 0 to {len(items) - 1}")
    raise RecipeError(f"there is no item '{part}'{nearest(part, known)}; there are {listing(known)}")


def _names(item: Any) -> list[str]:
    if not isinstance(item, Mapping):
        return []
    names = [item[key] for key in ("label", "name", "term") if isinstance(item.get(key), str)]
    return [name.rpartition("/")[2] for name in names] + [name for name in names if "/" in name]
