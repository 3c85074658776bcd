"""A constructor read as a schema: its options, their types and limits in words."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import annotated_types

from ganzoo.contracts.component import Component
from ganzoo.contracts.schedule import Schedule
from ganzoo.errors import PluginError, listing

#: Keys of a component's table that the core reads itself, by kind; `name` everywhere.
RESERVED: Mapping[str, frozenset[str]] = {
    "architecture": frozenset({"name", "phases"}),
    "callback": frozenset({"name", "every", "label"}),
    "loss": frozenset({"name", "on", "weight", "phases", "term", "label"}),
    "regularizer": frozenset({"name", "on", "weight", "interval", "phases", "label"}),
    "metric": frozenset({"name", "label"}),
    "optimizer": frozenset({"name", "learning_rate"}),
}
_RESERVED_EVERYWHERE = frozenset({"name"})


@dataclass(frozen=True)
class Option:
    """One constructor argument of a component."""

    name: str
    annotation: Any
    default: Any
    required: bool

    @property
    def type_text(self) -> str:
        """Return the annotation as a person reads it, limits included."""
        return type_text(self.annotation)


def options(cls: type[Component]) -> tuple[Option, ...]:
    """Return what a component can be given; PluginError when its constructor is not a schema."""
    return _options(cast("Any", cls))


def type_text(annotation: Any) -> str:
    """Return an annotation as a person reads it: `int >= 1`, `'y' or 'rgb'`."""
    if is_union(annotation):
        return " or ".join(type_text(part) for part in get_args(annotation))
    phrase = _PHRASES.get(get_origin(annotation))
    if phrase is not None:
        return phrase(get_args(annotation))
    return _PLAIN_NAMES.get(annotation) or str(annotation.__name__)


def _tuple_text(arguments: tuple[Any, ...]) -> str:
    return f"list of {', '.join(type_text(part) for part in arguments if part is not Ellipsis)}"


def _limited_text(arguments: tuple[Any, ...]) -> str:
    return " ".join([type_text(arguments[0]), *(text for item in arguments[1:] for text in _limit_texts(item))])


_PHRASES: Mapping[Any, Callable[[tuple[Any, ...]], str]] = {
    Annotated: _limited_text,
    Literal: lambda arguments: " or ".join(repr(part) for part in arguments),
    tuple: _tuple_text,
    dict: lambda arguments: f"table of {type_text(arguments[1])}",
}
_PLAIN_NAMES: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    type(None): "nothing",
    Schedule: "number or schedule",
}


@dataclass(frozen=True)
class Nesting:
    """The components that an annotation asks for: one, a `list` of them or a `table` of them by name."""

    contract: type[Component]
    shape: Literal["one", "list", "table"] = "one"
    #: Limits of how many there may be.
    limits: tuple[Any, ...] = ()


def nesting(annotation: Any) -> Nesting | None:
    """Return the components that an annotation asks for (also as `X | None`); None for values.

    A `Schedule` is a value that can be a component: see `takes_schedule`.
    """
    wanted = [part for part in _alternatives(annotation) if part is not type(None)]
    if len(wanted) != 1:
        return None
    bare, limits = _without_limits(wanted[0]), _limits_of(wanted[0])
    origin, arguments = get_origin(bare), get_args(bare)
    if is_contract(bare) and bare is not Schedule:
        return Nesting(bare)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis and is_contract(arguments[0]):
        return Nesting(arguments[0], "list", limits)
    if origin is dict and arguments[0] is str and is_contract(arguments[1]):
        return Nesting(arguments[1], "table", limits)
    return None


def takes_schedule(annotation: Any) -> bool:
    """Return whether a schedule may stand here."""
    return any(_without_limits(part) is Schedule for part in _alternatives(annotation))


def is_contract(annotation: Any) -> bool:
    """Return whether an annotation is a class of components."""
    return inspect.isclass(annotation) and issubclass(annotation, Component)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if is_union(annotation) else (annotation,)


def _limits_of(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def is_union(annotation: Any) -> bool:
    """Return whether an annotation is a choice, `X | Y`."""
    return get_origin(annotation) in (Union, types.UnionType)


@cache
def _options(cls: Any) -> tuple[Option, ...]:
    """Read a constructor once: this evaluates annotations, which has no place in the reading of a recipe."""
    hints = _hints(cls)
    return tuple(
        _option(cls, parameter, hints)
        for name, parameter in inspect.signature(cls).parameters.items()
        if name != "self"
    )


def _hints(cls: type[Component]) -> dict[str, Any]:
    where = f"{cls.__module__}.{cls.__qualname__}"
    try:
        return _evaluated(cls)
    except NameError as error:
        raise PluginError(
            f"{where}: '{error.name}', an annotation of its constructor, is unknown; "
            "import it outside `if TYPE_CHECKING:`"
        ) from error
    except Exception as error:
        raise PluginError(f"{where}: an annotation of its constructor cannot be read: {error}") from error


def _evaluated(cls: type[Component]) -> dict[str, Any]:
    try:
        return get_type_hints(cls.__init__, include_extras=True)
    except NameError:
        if not is_dataclass(cls):
            raise
        # inherited fields may use names that only the module of their own class imports
        return get_type_hints(cls, include_extras=True)


def _option(cls: type[Component], parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Option:
    where = f"{cls.__module__}.{cls.__qualname__}: constructor argument '{parameter.name}'"
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        raise PluginError(f"{where} must be keyword-only")
    if parameter.name not in hints:
        raise PluginError(f"{where} needs an annotation")
    reserved = RESERVED.get(cls.kind, _RESERVED_EVERYWHERE)
    if parameter.name in reserved:
        raise PluginError(f"{where} is a key of the core; choose a name other than {listing(reserved)}")
    if not _is_usable(hints[parameter.name]):
        raise PluginError(
            f"{where} has an annotation that no recipe can fill; use bool, int, float, str, Literal, tuples of these, "
            "Schedule, a contract class, tuple[Contract, ...] or dict[str, Contract], each also with annotated-types "
            "limits or `| None`"
        )
    required = parameter.default is inspect.Parameter.empty
    return Option(parameter.name, hints[parameter.name], None if required else parameter.default, required)


def _is_usable(annotation: Any) -> bool:
    """Return whether TOML can write what this annotation asks for."""
    wanted = [part for part in _alternatives(annotation) if part is not type(None)]
    return nesting(annotation) is not None or (
        bool(wanted) and all(_without_limits(part) is Schedule or _is_plain(part) for part in wanted)
    )


def _is_plain(annotation: Any) -> bool:
    bare = _without_limits(annotation)
    arguments = [part for part in get_args(bare) if part is not Ellipsis]
    if get_origin(bare) is Literal:
        return all(isinstance(part, bool | int | str) for part in arguments)
    if get_origin(bare) is tuple or is_union(bare):
        return bool(arguments) and all(_is_plain(part) for part in arguments if part is not type(None))
    return any(bare is allowed for allowed in (bool, int, float, str))


def _without_limits(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


_LIMITS: Mapping[type[Any], tuple[str, str]] = {
    annotated_types.Ge: ("ge", ">="),
    annotated_types.Gt: ("gt", ">"),
    annotated_types.Le: ("le", "<="),
    annotated_types.Lt: ("lt", "<"),
    annotated_types.MultipleOf: ("multiple_of", "in multiples of"),
    annotated_types.MinLen: ("min_length", "of length >="),
    annotated_types.MaxLen: ("max_length", "of length <="),
}


def _limit_texts(item: Any) -> Iterator[str]:
    if isinstance(item, annotated_types.GroupedMetadata):
        for part in item:
            yield from _limit_texts(part)
    elif type(item) in _LIMITS:
        attribute, sign = _LIMITS[type(item)]
        yield f"{sign} {getattr(item, attribute)}"
