"""As much of JSON Schema 2020-12 as the schema of recipes uses; a keyword beyond that is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
BOUNDS = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "multipleOf": lambda value, limit: value % limit == 0,
    "minLength": lambda value, limit: len(value) >= limit,
    "minProperties": lambda value, limit: len(value) >= limit,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
}
SILENT = {"title", "description", "default", "$schema", "$defs", "then", "else"}


def mistakes(value: Any, schema: Any, root: Any, key: str = "") -> Iterator[str]:
    """Yield `key: what is wrong` for each mistake."""
    for keyword, limit in schema.items():
        if keyword in SILENT:
            continue
        if keyword in BOUNDS:
            with suppress(TypeError):  # a bound says nothing about values of another type
                if BOUNDS[keyword](value, limit):
                    continue
                yield f"{key}: {keyword} {limit}"
        else:
            check = globals()["_" + re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", keyword.strip("$"))]
            yield from check(value, limit, schema, root, key)


def _ref(value, limit, schema, root, key):
    yield from mistakes(value, root["$defs"][limit.removeprefix("#/$defs/")], root, key)


def _type(value, limit, schema, root, key):
    is_bool = isinstance(value, bool) and limit != "boolean"
    if is_bool or not isinstance(value, TYPES[limit]):
        yield f"{key}: is not {limit}"


def _enum(value, limit, schema, root, key):
    if value not in limit:
        yield f"{key}: is none of {limit}"


def _const(value, limit, schema, root, key):
    yield from _enum(value, [limit], schema, root, key)


def _properties(value, limit, schema, root, key):
    for name in limit.keys() & value.keys() if isinstance(value, dict) else ():
        yield from mistakes(value[name], limit[name], root, f"{key}.{name}".strip("."))


def _required(value, limit, schema, root, key):
    yield from (f"{key}: lacks {name}" for name in limit if isinstance(value, dict) and name not in value)


def _additional_properties(value, limit, schema, root, key):
    for name in value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else ():
        if limit is False:
            yield f"{key}.{name}".strip(".") + ": unexpected"
        else:
            yield from mistakes(value[name], limit, root, f"{key}.{name}".strip("."))


def _items(value, limit, schema, root, key):
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if limit is not False and index >= len(schema.get("prefixItems", ())):
            yield from mistakes(item, limit, root, f"{key}.{index}")


def _prefix_items(value, limit, schema, root, key):
    for index, (item, inner) in enumerate(zip(value, limit, strict=False)):
        yield from mistakes(item, inner, root, f"{key}.{index}")


def _any_of(value, limit, schema, root, key):
    if all(any(True for _ in mistakes(value, inner, root)) for inner in limit):
        yield f"{key}: fits none"


def _all_of(value, limit, schema, root, key):
    for inner in limit:
        yield from mistakes(value, inner, root, key)


def _if(value, limit, schema, root, key):
    fits = not list(mistakes(value, limit, root, key))
    yield from mistakes(value, schema.get("then" if fits else "else", {}), root, key)
