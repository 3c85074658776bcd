"""Components built from tables, with every problem of a table found in one pass."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import ValidationError

from ganzoo.blame import blaming
from ganzoo.contracts.component import Component
from ganzoo.contracts.schedule import Schedule
from ganzoo.errors import SET, PluginError, Problem, RecipeError, listing, nearest_key
from ganzoo.schema.options import Nesting, Option, nesting, options, takes_schedule, type_text
from ganzoo.schema.values import check_value, describe_error, shorten, to_toml

if TYPE_CHECKING:
    from ganzoo.zoo import Offer, Zoo

Made = TypeVar("Made", bound=Component)


#: From a dotted key to where it stands (`file:line`).
Locate = Callable[[str], str]


@dataclass(frozen=True)
class Constructed:
    """A component and its table with every default written out.

    `used` are all component classes in it, `notices` what its author should know.
    """

    component: Any
    table: Any
    used: frozenset[type[Component]] = frozenset()
    notices: tuple[str, ...] = ()


def no_place(_key: str) -> str:
    """Locate nothing: for tables that come from no file."""
    return ""


def construct(
    cls: type[Made],
    table: Mapping[str, Any],
    *,
    zoo: Zoo,
    key: str = "",
    locate: Locate = no_place,
    core: Collection[str] = (),
    owners: Callable[[str], str] = no_place,
) -> Constructed:
    """Make a component from a table without its `name` and core keys; RecipeError with every problem of the table.

    `core` are the keys that the core reads from the same table: a misspelt one is reported with the right name.
    `owners` says who has a key that this component has not.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    resolved: dict[str, Any] = {}
    used: set[type[Component]] = {cls}
    notices: list[str] = []
    for option in options(cls):
        inside = _joined(key, option.name)
        try:
            argument = _argument(option, table, zoo, inside, locate)
        except RecipeError as error:
            problems += error.problems
            continue
        values[option.name] = argument.component
        used |= argument.used
        notices += argument.notices
        if argument.table is not None:
            resolved[option.name] = argument.table
    problems += _unknown(cls, table, key, locate, core, owners)
    if problems:
        raise RecipeError(problems)
    try:
        with blaming(cls, f"{key}: the {cls.kind} {cls.__name__}", passing=(ValueError,)):
            return Constructed(cls(**values), resolved, frozenset(used), tuple(notices))
    except ValueError as error:
        raise RecipeError(Problem(str(error), key=key, place=_blamed(table, key, locate))) from error


def component_table(
    kind: str,
    table: Any,
    *,
    zoo: Zoo,
    key: str,
    locate: Locate = no_place,
    base: type[Any] = Component,
    core: Collection[str] = (),
) -> Constructed:
    """Make the component that a table names; its own keys only. RecipeError when the name is missing or unknown."""
    if not isinstance(table, Mapping):
        raise RecipeError(Problem('expected a table with a name, as {name = "..."}', key=key, place=locate(key)))
    name = table.get("name")
    if not isinstance(name, str):
        message = f"is {shorten(name)}, expected the name of a {kind}" if "name" in table else "needs a name, a text"
        raise RecipeError(Problem(message, key=f"{key}.name", place=locate(f"{key}.name")))
    try:
        offer = zoo.offer(kind, name)
    except RecipeError as error:
        raise RecipeError(Problem(str(error), key=f"{key}.name", place=locate(f"{key}.name"))) from error
    if not issubclass(offer.cls, base):
        message = f"'{name}' is not a {base.__name__.lower()}; expected {listing(_names_of(zoo, kind, base))}"
        raise RecipeError(Problem(message, key=f"{key}.name", place=locate(f"{key}.name")))
    own = {option: value for option, value in table.items() if option != "name"}
    owners = partial(_owners, zoo, kind, name, key)
    made = construct(offer.cls, own, zoo=zoo, key=key, locate=locate, core=core, owners=owners)
    notices = (*_rivals(zoo, kind, name, offer, key, locate), *made.notices)
    return Constructed(made.component, {"name": offer.qualified, **made.table}, made.used, notices)


def _rivals(zoo: Zoo, kind: str, name: str, offer: Offer, key: str, locate: Locate) -> Iterator[str]:
    """Yield what to write for each other component of a plain name."""
    for other in zoo.offers(kind, name):
        if other != offer:
            message = f"'{name}' means the bundled {kind}; write '{other.qualified}' for that of {other.plugin.label}"
            yield str(Problem(message, key=f"{key}.name", place=locate(f"{key}.name")))


def _argument(option: Option, table: Mapping[str, Any], zoo: Zoo, key: str, locate: Locate) -> Constructed:
    """Return one argument, and the same as TOML for the resolved recipe."""
    if option.name not in table:
        if option.required:
            parent = key.rpartition(".")[0]
            raise RecipeError(Problem(f"is required: {option.type_text}", key=key, place=locate(parent)))
        return Constructed(option.default, to_toml(option.default))
    given = table[option.name]
    nested = nesting(option.annotation)
    if nested is None:
        return _value(option.annotation, given, zoo, key, locate)
    if nested.shape == "one":
        return _component(nested.contract, given, zoo, key, locate)
    return _components(nested, option, given, zoo, key, locate)


def _component(contract: type[Component], given: Any, zoo: Zoo, key: str, locate: Locate) -> Constructed:
    if contract is Schedule:
        return _value(Schedule, given, zoo, key, locate)
    return component_table(contract.kind, given, zoo=zoo, key=key, locate=locate, base=contract)


def _components(nested: Nesting, option: Option, given: Any, zoo: Zoo, key: str, locate: Locate) -> Constructed:
    """Make a list or a table of components; RecipeError with the problems of all of them."""
    container = _CONTAINERS[nested.shape]
    limited = Annotated[(container, *nested.limits)] if nested.limits else container
    _check(limited, given, option.type_text, key, locate)
    items = enumerate(given) if nested.shape == "list" else given.items()
    made: dict[Any, Constructed] = {}
    problems: list[Problem] = []
    for name, item in items:
        try:
            made[name] = _component(nested.contract, item, zoo, f"{key}.{name}", locate)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    parts = {name: part.component for name, part in made.items()}
    tables = {name: part.table for name, part in made.items()}
    is_list = nested.shape == "list"
    return Constructed(
        tuple(parts.values()) if is_list else parts,
        list(tables.values()) if is_list else tables,
        frozenset().union(*(part.used for part in made.values())),
        tuple(notice for part in made.values() for notice in part.notices),
    )


def _value(annotation: Any, given: Any, zoo: Zoo, key: str, locate: Locate) -> Constructed:
    """Return a checked value; where a schedule may stand, a table with a name is one of a plugin."""
    if takes_schedule(annotation) and is_named(given):
        return component_table(Schedule.kind, given, zoo=zoo, key=key, locate=locate, base=Schedule)
    value = _check(annotation, given, type_text(annotation), key, locate)
    return Constructed(value, to_toml(value))


def _check(annotation: Any, given: Any, expected: str, key: str, locate: Locate) -> Any:
    try:
        return check_value(annotation, given)
    except ValidationError as error:
        message = f"is {shorten(given)}, expected {expected} ({describe_error(error)})"
        raise RecipeError(Problem(message, key=key, place=locate(key))) from error


def is_named(given: Any) -> bool:
    """Return whether a value is a table that names a component."""
    return isinstance(given, Mapping) and "name" in given


_CONTAINERS: Mapping[str, Any] = {"list": tuple[Any, ...], "table": dict[str, Any]}


def _unknown(
    cls: type[Component],
    table: Mapping[str, Any],
    key: str,
    locate: Locate,
    core: Collection[str],
    owners: Callable[[str], str],
) -> list[Problem]:
    known = [option.name for option in options(cls)]
    return [
        Problem(
            f"unknown key '{name}'{nearest_key(name, (*known, *core))}; {_known_text(known)}{owners(name)}",
            key=_joined(key, name),
            place=locate(_joined(key, name)),
        )
        for name in table
        if name not in known
    ]


def _joined(key: str, name: str) -> str:
    """Return the key of an option in the table at `key`; behind `--set`, it is the whole key."""
    return f"{SET}{name}" if key == SET.strip() else f"{key}.{name}" if key else name


def _blamed(table: Mapping[str, Any], key: str, locate: Locate) -> str:
    """Return where a mistake was made that several options share: where one of them was changed, or at their table."""
    places = [locate(_joined(key, name)) for name in table]
    return next((place for place in places if place.startswith(SET)), locate(key))


def _owners(zoo: Zoo, kind: str, name: str, key: str, option: str) -> str:
    """Return which other components of a kind have an option, and how one of them is chosen instead of the named."""
    found = [other for of, other, cls in zoo.components() if of == kind and _has(cls, option)]
    if not found:
        return ""
    verb = "has" if len(found) == 1 else "have"
    return f"; the {kind} '{name}' lacks it, {listing(found)} {verb} it: --set {key}.name={found[0]}"


def _has(cls: type[Component], name: str) -> bool:
    try:
        return any(option.name == name for option in options(cls))
    except PluginError:  # told when it is used
        return False


def _known_text(known: list[str]) -> str:
    return f"known are {listing(known)}" if known else "it has no options"


def _names_of(zoo: Zoo, kind: str, base: type[Any]) -> list[str]:
    return [name for other, name, cls in zoo.components() if other == kind and issubclass(cls, base)]
