"""`ganzoo schema`: a JSON schema of recipes, so that editors complete and check them."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend
from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ganzoo.schema.options import Option
    from ganzoo.zoo import Offer, Zoo

_TEXT = {"type": "string"}


@click.command(name="schema")
def command() -> None:
    """Print a JSON schema of recipes, for your editor.

    It knows the components of all installed plugins. Save it, and name it in the first line of a recipe:
    #:schema ganzoo.schema.json
    """
    require_torch_backend()
    from ganzoo.commands._notices import tell
    from ganzoo.commands._terminal import say
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    tell(zoo)
    definitions = Definitions(zoo)
    schema = recipe_schema(definitions)
    for notice in definitions.notices:
        say(f"note: {notice}", stderr=True)
    click.echo(json.dumps(schema, indent=2))


def recipe_schema(definitions: Definitions) -> dict[str, Any]:
    """Return the schema of a whole recipe."""
    from ganzoo.recipe import settings

    network = definitions.table("architecture", wiring=settings.NetworkSettings)
    optimizer = definitions.table("optimizer", wiring=settings.OptimizerSettings)
    term = {**definitions.linked(model_schema(settings.LossSettings)), "title": "term", "required": ["term"]}
    loss = {
        "type": "object",
        "if": {"required": ["term"]},
        "then": term,
        "else": definitions.table("loss", wiring=settings.LossSettings),
    }
    sections = {
        "title": _TEXT,
        "paper": _TEXT,
        "description": _TEXT,
        "task": definitions.table("task"),
        "data": streams_or(folder_or(definitions.table("dataset"))),
        "validation": streams_or(folder_or(definitions.table("dataset"))),
        "generator": definitions.table("architecture", role="generator", wiring=settings.NetworkSettings),
        "discriminator": definitions.table("architecture", role="discriminator", wiring=settings.NetworkSettings),
        "networks": {"type": "object", "additionalProperties": network},
        "losses": array(loss),
        "regularizers": array(definitions.table("regularizer", wiring=settings.RegularizerSettings)),
        "metrics": array(definitions.table("metric", wiring=settings.MetricSettings)),
        "callbacks": array(definitions.table("callback", wiring=settings.CallbackSettings)),
        "optimizers": {"type": "object", "additionalProperties": optimizer},
        "train": definitions.linked(model_schema(settings.TrainSettings)),
        "ema": model_schema(settings.EmaSettings),
        "phases": array(definitions.linked(model_schema(settings.PhaseSettings))),
        "profiles": {"type": "object", "additionalProperties": {"type": "object"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ganzoo recipe",
        "type": "object",
        "properties": sections,
        "required": ["task", "data", "losses", "train", "phases"],
        "additionalProperties": False,
        "$defs": definitions.found,
    }


@dataclass
class Definitions:
    """The schemas of component tables, each written once: components of a kind may be nested."""

    zoo: Zoo
    found: dict[str, Any] = field(default_factory=dict)
    #: Which components are left out, and why.
    notices: list[str] = field(default_factory=list)

    def table(
        self, kind: str, *, role: str = "", wiring: type[BaseModel] | None = None, base: type[Any] = Component
    ) -> dict[str, Any]:
        """Return a reference to the schema of a table that names one component of a kind."""
        title = ".".join(filter(None, (kind, role, _base_name(base), "section" if wiring else "")))
        if title not in self.found:
            self.found[title] = {}  # a component of this kind inside another one refers here
            extra = self.linked(model_schema(wiring)) if wiring else {}
            self.found[title] = choice(list(self.alternatives(kind, role, base, extra)))
        return {"$ref": f"#/$defs/{title}"}

    def alternatives(
        self, kind: str, role: str, base: type[Any], extra: Mapping[str, Any]
    ) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Yield the names and the schema of each component; one that has no schema is left out with a notice."""
        for listed, offer in self.offers(kind):
            if not issubclass(offer.cls, base) or role not in ("", getattr(offer.cls, "role", "")):
                continue
            try:
                schema = self.component(offer.cls, extra)
                json.dumps(schema)
            except Exception as error:
                notice = f"{kind} '{offer.name}' of {offer.plugin.label} is left out: {type(error).__name__}: {error}"
                self.notices += [notice] if notice not in self.notices else []
                continue
            yield list(dict.fromkeys([listed, offer.qualified])), schema

    def offers(self, kind: str) -> Iterator[tuple[str, Offer]]:
        """Yield each component of a kind with the shortest name that means it."""
        for found, name, _ in self.zoo.components():
            if found == kind:
                yield name, self.zoo.offer(kind, name)

    def component(self, cls: type[Component], extra: Mapping[str, Any]) -> dict[str, Any]:
        """Return the schema of one component's table."""
        from ganzoo.schema.options import options

        own = options(cls)
        return {
            "description": (cls.__doc__ or "").strip().partition("\n")[0],
            "properties": {
                "name": _TEXT,
                **{option.name: self.option(option) for option in own},
                **extra.get("properties", {}),
            },
            "required": ["name", *(option.name for option in own if option.required), *extra.get("required", ())],
            "additionalProperties": False,
        }

    def option(self, option: Option) -> dict[str, Any]:
        """Return the schema of one constructor argument; a nested component is a table again."""
        from ganzoo.schema.options import nesting
        from ganzoo.schema.values import to_toml, value_schema

        nested = nesting(option.annotation)
        if nested is not None:
            inner = self.nested(nested.contract)
            return {"one": inner, "list": array(inner), "table": {"type": "object", "additionalProperties": inner}}[
                nested.shape
            ]
        schema: dict[str, Any] = self.linked(value_schema(option.annotation))
        default = to_toml(option.default)
        return schema if option.required or default is None else {**schema, "default": default}

    def nested(self, contract: type[Any]) -> dict[str, Any]:
        """Return the schema of a component inside another one."""
        from ganzoo.contracts.schedule import Schedule
        from ganzoo.schema.values import value_schema

        if contract is Schedule:
            number: dict[str, Any] = self.linked(value_schema(Schedule))
            return number
        return self.table(contract.kind, base=contract)

    def linked(self, schema: Any) -> Any:
        """Return a schema in which the schedules of plugins are known."""
        from ganzoo.schema.values import NAMED_SCHEDULE

        if schema == NAMED_SCHEDULE:
            return self.table("schedule")
        if isinstance(schema, dict):
            return {name: self.linked(value) for name, value in schema.items()}
        return [self.linked(value) for value in schema] if isinstance(schema, list) else schema


def choice(alternatives: Sequence[tuple[Sequence[str], dict[str, Any]]]) -> dict[str, Any]:
    """Return the schema of a table whose `name` decides about its keys: an editor can say which of them is wrong."""
    names = [name for group, _ in alternatives for name in group]
    return {
        "type": "object",
        "properties": {"name": {"enum": names}},
        "required": ["name"],
        "allOf": [
            {"if": {"properties": {"name": {"enum": list(group)}}, "required": ["name"]}, "then": schema}
            for group, schema in alternatives
        ],
    }


def folder_or(table: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a section of data: a text is the path of a folder of images."""
    path = {"description": "The path of a folder of images.", "minLength": 1}
    return {"if": {"type": "string"}, "then": path, "else": table}


def streams_or(source: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a section of data that may have a table, or a folder, for each of its streams."""
    streams = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"type": "object"}, {"type": "string"}]},
    }
    several = {"if": streams, "then": {"additionalProperties": source}, "else": source}
    return {"if": {"required": ["name"]}, "then": source, "else": several}


def model_schema(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of one of the core's own sections, without defaults that are not JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls.model_json_schema()


def array(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array of tables."""
    return {"type": "array", "items": items}


def _base_name(base: type[Any]) -> str:
    """Return the name of a contract inside a component, with its module where a plugin defines it."""
    if base is Component:
        return ""
    name = base.__qualname__ if base.__module__.startswith("ganzoo.") else f"{base.__module__}.{base.__qualname__}"
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)
