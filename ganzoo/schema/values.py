"""Values checked against annotations by pydantic, strictly: a bool is not an int, nothing is NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic_core import core_schema

from ganzoo.contracts.component import Component
from ganzoo.contracts.schedule import Constant, Ramp, Schedule, Staircase
from ganzoo.schema.options import is_union

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)


def check_value(annotation: Any, value: Any) -> Any:
    """Return the value as the annotation wants it; ValueError saying what was expected."""
    adapter = _adapter(_for_pydantic(annotation))
    try:
        return adapter.validate_python(_tuples(value))
    except ValidationError:
        if isinstance(value, Written):
            with suppress(ValidationError):
                return adapter.validate_python(value.text)
        raise


class Written:
    """A number that can also stand for the text that was written: a folder can be called `2024`."""

    text: str


class _WrittenInt(Written, int):
    pass


class _WrittenFloat(Written, float):
    pass


def as_written(value: Any, text: str) -> Any:
    """Return a value of TOML so that it can also be the text that was written; no option takes a date, so it is one."""
    if isinstance(value, date | time):
        return text
    if type(value) not in (int, float):
        return value
    number = _WrittenInt(value) if type(value) is int else _WrittenFloat(value)
    number.text = text
    return number


def value_schema(annotation: Any) -> dict[str, Any]:
    """Return the JSON schema of what an annotation accepts."""
    return _adapter(_for_pydantic(annotation)).json_schema()


def describe_error(error: ValidationError) -> str:
    """Return pydantic's findings as one phrase."""
    found = list(dict.fromkeys(_located(dict(item)) for item in error.errors()))
    return "; or ".join(found)


def to_toml(value: Any) -> Any:
    """Return a value as TOML writes it: schedules as numbers or tables, tuples as lists; None where absent.

    A default that is a component of a plugin is absent too: no name is known for it here.
    """
    if type(value) is Constant:
        return value.value
    if type(value) in (Ramp, Staircase):
        return {name: to_toml(part) for name, part in vars(value).items()}
    if isinstance(value, Component):
        return None
    if isinstance(value, tuple | list):
        return [to_toml(part) for part in value]
    return value


def shorten(value: Any) -> str:
    """Return a value for a message, cut when it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=_STRICT)


def _for_pydantic(annotation: Any) -> Any:
    """Replace Schedule by what a recipe may write in its place."""
    if annotation is Schedule:
        return ScheduleValue
    arguments = get_args(annotation)
    if is_union(annotation):
        return Union[tuple(_for_pydantic(part) for part in arguments)]  # noqa: UP007
    if get_origin(annotation) is Annotated and get_args(annotation)[0] is Schedule:
        return Annotated[(ScheduleValue, *arguments[1:])]
    return annotation


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
            arguments = _SCHEDULE_MODELS[shape].model_validate(_tuples(dict(value))).model_dump()
        except ValidationError as error:
            fields = ", ".join(shape.__dataclass_fields__)
            raise ValueError(f"a schedule table has the keys {fields}: {describe_error(error)}") from error
        return shape(**arguments)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number or a schedule table was expected")
    return Constant(float(TypeAdapter(float, config=_STRICT).validate_python(value)))


def _schedule_model(cls: type[Ramp | Staircase]) -> type[BaseModel]:
    hints = get_type_hints(cls)
    fields: dict[str, Any] = {
        name: (hints[name], field.default if field.default is not MISSING else ...)
        for name, field in cls.__dataclass_fields__.items()
    }
    return create_model(cls.__name__, __config__=_STRICT, **fields)


#: Made here, because this evaluates annotations, which has no place in the reading of a recipe.
_SCHEDULE_MODELS = {shape: _schedule_model(shape) for shape in (Ramp, Staircase)}


#: Stands in the JSON schema of a schedule for those of plugins, which are not known here.
NAMED_SCHEDULE = {"title": "a schedule of a plugin", "type": "object", "required": ["name"]}


class _ScheduleSchema:
    """Teaches pydantic what may stand where a Schedule is asked for."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(_schedule)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {
            "anyOf": [
                {"type": "number"},
                {**_SCHEDULE_MODELS[Ramp].model_json_schema(), "title": "ramp"},
                {**_SCHEDULE_MODELS[Staircase].model_json_schema(), "title": "staircase"},
                NAMED_SCHEDULE,
            ]
        }


ScheduleValue = Annotated[Any, _ScheduleSchema]


def phrase(item: Mapping[str, Any]) -> str:
    """Return one of pydantic's findings as a phrase that follows what was given."""
    message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{message[:1].lower()}{message[1:]}"


def _located(item: Mapping[str, Any]) -> str:
    where = "".join(f"{part}: " for part in item["loc"][:1] if isinstance(part, str) and part.isidentifier())
    return f"{where}{phrase(item)}"
