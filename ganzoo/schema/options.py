"""A constructor read as a schema: its options, their types and limits in words."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import annotated_types

from ganzoo.contracts.component import Component
from ganzoo.contracts.schedule import Schedule
from ganzoo.errors import PluginError, listing

#: Keys of a component's table that the core reads itself, by kind; `name` everywhere.
RESERVED: Mapping[str, frozenset[str]] = {
    "loss": frozenset({"name", "on", "weight", "phases", "term", "label"}),
    "regularizer": frozenset({"name", "on", "weight", "interval", "phases", "label"}),
    "metric": frozenset({"name", "label"}),
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
    """Return what a component can be given; PluginError when its constructor is no schema."""
    return _options(cast("Any", cls))


def type_text(annotation: Any) -> str:
    """Return an annotation as a person reads it: `int >= 1`, `'y' or 'rgb'`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return " ".join([type_text(arguments[0]), *(text for item in arguments[1:] for text in _limit_texts(item))])
    if is_union(annotation):
        return " or ".join(type_text(part) for part in arguments)
    if annotation is type(None):
        return "nothing"
    if origin is tuple:
        open_ended = arguments[1:] == (Ellipsis,)
        return f"list of {', '.join(type_text(part) for part in (arguments[:1] if open_ended else arguments))}"
    if origin is Literal:
        return " or ".join(repr(part) for part in arguments)
    plain_names: dict[Any, str] = {str: "text", bool: "true or false", Schedule: "number or schedule"}
    return plain_names.get(annotation) or str(annotation.__name__)


def nested_contract(annotation: Any) -> type[Component] | None:
    """Return the contract class that an annotation names (`Features`, `X | None` too), if it does."""
    parts = get_args(annotation) if is_union(annotation) else (annotation,)
    for part in parts:
        if inspect.isclass(part) and issubclass(part, Component):
            return part
    return None


def is_union(annotation: Any) -> bool:

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
            "Schedule or a contract class, each also with annotated-types limits or `| None`"
        )
    required = parameter.default is inspect.Parameter.empty
    return Option(parameter.name, hints[parameter.name], None if required else parameter.default, required)


def _is_usable(annotation: Any) -> bool:
    """Return whether TOML can write what this annotation asks for."""
    parts = get_args(annotation) if is_union(annotation) else (annotation,)
    wanted = [part for part in parts if part is not type(None)]
    if len(wanted) == 1 and (inspect.isclass(wanted[0]) and issubclass(wanted[0], Component)):
        return True
    return bool(wanted) and all(_without_limits(part) is Schedule or _is_plain(part) for part in wanted)


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
