"""Components from tables: the constructor's signature is the schema.

pydantic checks types and limits, strictly: a bool is no int, a text is no number, nothing is NaN or infinite.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import annotated_types
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from ganzoo.contracts.component import Component
from ganzoo.contracts.schedule import Constant, Ramp, Schedule, Staircase
from ganzoo.errors import PluginError, Problem, RecipeError, listing, nearest

#: Keys of a component's table that the core reads itself.
RESERVED = frozenset({"name", "on", "weight", "interval", "phases", "term", "label"})
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

Made = TypeVar("Made", bound=Component)
#: From a dotted key to where it stands (`file:line`).
Locate = Callable[[str], str]


class Finder(Protocol):
    """Whoever knows component classes by kind and name: the zoo."""

    def find(self, kind: str, name: str) -> type[Component]:
        """Return the class; RecipeError with the nearest name when there is none."""

    def components(self) -> Iterable[tuple[str, str, type[Component]]]:
        """Return (kind, name, class) of everything that can be found."""


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


@dataclass(frozen=True)
class Constructed:
    """A component and its table with every default written out."""

    component: Any
    table: Mapping[str, Any]


def nowhere(_key: str) -> str:
    """Locate nothing: for tables that come from no file."""
    return ""


def options(cls: type[Component]) -> tuple[Option, ...]:
    """Return what a component can be given; PluginError when its constructor is no schema."""
    return _options(cast("Any", cls))


@cache
def _options(cls: Any) -> tuple[Option, ...]:
    """Read a constructor once: this evaluates annotations, which has no place in the reading of a recipe."""
    hints = _hints(cls)
    return tuple(
        _option(cls, parameter, hints)
        for name, parameter in inspect.signature(cls).parameters.items()
        if name != "self"
    )


def construct(
    cls: type[Made], table: Mapping[str, Any], *, zoo: Finder, key: str = "", locate: Locate = nowhere
) -> Constructed:
    """Make a component from a table without its `name` and core keys; RecipeError with every problem of the table."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    resolved: dict[str, Any] = {}
    for option in options(cls):
        inside = f"{key}.{option.name}" if key else option.name
        try:
            value, plain = _value(option, table, zoo, inside, locate)
        except RecipeError as error:
            problems += error.problems
            continue
        values[option.name] = value
        if plain is not None:
            resolved[option.name] = plain
    problems += _unknown(cls, table, key, locate)
    if problems:
        raise RecipeError(problems)
    try:
        return Constructed(cls(**values), resolved)
    except ValueError as error:
        raise RecipeError(Problem(str(error), key=key, place=locate(key))) from error


def component_table(
    kind: str, table: Any, *, zoo: Finder, key: str, locate: Locate = nowhere, base: type[Any] = Component
) -> Constructed:
    """Make the component that a table names; its own keys only. RecipeError when the name is missing or unknown."""
    if not isinstance(table, Mapping):
        raise RecipeError(Problem('expected a table with a name, as {name = "..."}', key=key, place=locate(key)))
    name = table.get("name")
    if not isinstance(name, str):
        raise RecipeError(Problem("needs a name, a text", key=f"{key}.name", place=locate(key)))
    try:
        cls = zoo.find(kind, name)
    except RecipeError as error:
        raise RecipeError(Problem(str(error), key=f"{key}.name", place=locate(f"{key}.name"))) from error
    if not issubclass(cls, base):
        message = f"'{name}' is no {base.__name__.lower()}; expected {listing(_names_of(zoo, kind, base))}"
        raise RecipeError(Problem(message, key=f"{key}.name", place=locate(f"{key}.name")))
    own = {option: value for option, value in table.items() if option != "name"}
    made = construct(cls, own, zoo=zoo, key=key, locate=locate)
    return Constructed(made.component, {"name": name, **made.table})


def check_value(annotation: Any, value: Any) -> Any:
    """Return the value as the annotation wants it; ValueError saying what was expected."""
    return _adapter(_for_pydantic(annotation)).validate_python(_tuples(value))


def value_schema(annotation: Any) -> dict[str, Any]:
    """Return the JSON schema of what an annotation accepts."""
    return _adapter(_for_pydantic(annotation)).json_schema()


def readable(error: ValidationError) -> str:
    """Return pydantic's findings as one phrase."""
    found = list(dict.fromkeys(_phrase(dict(item)) for item in error.errors()))
    return "; or ".join(found)


def type_text(annotation: Any) -> str:
    """Return an annotation as a person reads it: `int >= 1`, `'y' or 'rgb'`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return " ".join([type_text(arguments[0]), *(text for item in arguments[1:] for text in _limit_texts(item))])
    if _is_union(annotation):
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
    parts = get_args(annotation) if _is_union(annotation) else (annotation,)
    for part in parts:
        if inspect.isclass(part) and issubclass(part, Component):
            return part
    return None


def plain(value: Any) -> Any:
    """Return a value as TOML writes it: schedules as numbers or tables, tuples as lists; None where absent."""
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Ramp | Staircase):
        return {name: plain(part) for name, part in vars(value).items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value


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
    if parameter.name in RESERVED:
        raise PluginError(f"{where} is a key of the core; choose a name other than {listing(RESERVED)}")
    if not _is_usable(hints[parameter.name]):
        raise PluginError(
            f"{where} has an annotation that no recipe can fill; use bool, int, float, str, Literal, tuples of these, "
            "Schedule or a contract class, each also with annotated-types limits or `| None`"
        )
    required = parameter.default is inspect.Parameter.empty
    return Option(parameter.name, hints[parameter.name], None if required else parameter.default, required)


def _is_usable(annotation: Any) -> bool:
    """Return whether TOML can write what this annotation asks for."""
    parts = get_args(annotation) if _is_union(annotation) else (annotation,)
    wanted = [part for part in parts if part is not type(None)]
    if len(wanted) == 1 and (inspect.isclass(wanted[0]) and issubclass(wanted[0], Component)):
        return True
    return bool(wanted) and all(_without_limits(part) is Schedule or _is_plain(part) for part in wanted)


def _is_plain(annotation: Any) -> bool:
    bare = _without_limits(annotation)
    arguments = [part for part in get_args(bare) if part is not Ellipsis]
    if get_origin(bare) is Literal:
        return all(isinstance(part, bool | int | str) for part in arguments)
    if get_origin(bare) is tuple or _is_union(bare):
        return bool(arguments) and all(_is_plain(part) for part in arguments if part is not type(None))
    return any(bare is allowed for allowed in (bool, int, float, str))


def _without_limits(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _value(option: Option, table: Mapping[str, Any], zoo: Finder, key: str, locate: Locate) -> tuple[Any, Any]:
    """Return one argument, and the same as a plain value for the resolved recipe."""
    if option.name not in table:
        if option.required:
            parent = key.rpartition(".")[0]
            raise RecipeError(Problem(f"is required: {option.type_text}", key=key, place=locate(parent)))
        return option.default, plain(option.default)
    given = table[option.name]
    contract = nested_contract(option.annotation)
    if contract is not None:
        made = component_table(contract.kind, given, zoo=zoo, key=key, locate=locate, base=contract)
        return made.component, made.table
    try:
        value = check_value(option.annotation, given)
    except ValidationError as error:
        message = f"is {shown(given)}, expected {option.type_text} ({readable(error)})"
        raise RecipeError(Problem(message, key=key, place=locate(key))) from error
    return value, plain(value)


def shown(value: Any) -> str:
    """Return a value for a message, cut when it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown(cls: type[Component], table: Mapping[str, Any], key: str, locate: Locate) -> list[Problem]:
    known = [option.name for option in options(cls)]
    return [
        Problem(
            f"unknown key '{name}'{nearest(name, known)}; {_known_text(known)}",
            key=f"{key}.{name}" if key else name,
            place=locate(f"{key}.{name}" if key else name),
        )
        for name in table
        if name not in known
    ]


def _known_text(known: list[str]) -> str:
    return f"known are {listing(known)}" if known else "it has no options"


def _names_of(zoo: Finder, kind: str, base: type[Any]) -> list[str]:
    return [name for other, name, cls in zoo.components() if other == kind and issubclass(cls, base)]


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=_STRICT)


def _for_pydantic(annotation: Any) -> Any:
    """Replace Schedule by what a recipe may write in its place."""
    if annotation is Schedule:
        return ScheduleValue
    arguments = get_args(annotation)
    if _is_union(annotation):
        return Union[tuple(_for_pydantic(part) for part in arguments)]  # noqa: UP007
    if get_origin(annotation) is Annotated and get_args(annotation)[0] is Schedule:
        return Annotated[(ScheduleValue, *arguments[1:])]
    return annotation


def _is_union(annotation: Any) -> bool:
    import types

    return get_origin(annotation) in (Union, types.UnionType)


def _tuples(value: Any) -> Any:
    """TOML has lists only; components take tuples."""
    if isinstance(value, list):
        return tuple(_tuples(part) for part in value)
    if isinstance(value, dict):
        return {name: _tuples(part) for name, part in value.items()}
    return value


def _schedule(value: Any) -> Schedule:
    """Make a schedule of what a recipe wrote."""
    if isinstance(value, Schedule):
        return value
    if isinstance(value, Mapping):
        shape: type[Ramp | Staircase] = Staircase if "values" in value or "at" in value else Ramp
        try:
            arguments = _schedule_model(shape).model_validate(_tuples(dict(value))).model_dump()
        except ValidationError as error:
            fields = ", ".join(shape.__dataclass_fields__)
            raise ValueError(f"a schedule table has the keys {fields}: {readable(error)}") from error
        return shape(**arguments)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number or a schedule table was expected")
    return Constant(float(TypeAdapter(float, config=_STRICT).validate_python(value)))


@cache
def _schedule_model(cls: type[Ramp | Staircase]) -> type[BaseModel]:
    hints = get_type_hints(cls)
    fields: dict[str, Any] = {
        name: (hints[name], field.default if field.default is not _missing() else ...)
        for name, field in cls.__dataclass_fields__.items()
    }
    return create_model(cls.__name__, __config__=_STRICT, **fields)


def _missing() -> Any:
    import dataclasses

    return dataclasses.MISSING


class _ScheduleSchema:
    """Teaches pydantic what may stand where a Schedule is asked for."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_schedule)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {
            "anyOf": [
                {"type": "number"},
                {**_schedule_model(Ramp).model_json_schema(), "title": "ramp"},
                {**_schedule_model(Staircase).model_json_schema(), "title": "staircase"},
            ]
        }


ScheduleValue = Annotated[Any, _ScheduleSchema]


def _phrase(item: Mapping[str, Any]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    where = "".join(f"{part}: " for part in item["loc"][:1] if isinstance(part, str) and part.isidentifier())
    return f"{where}{message[:1].lower()}{message[1:]}"


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
