"""`ganzoo schema`: a JSON schema of recipes, so that editors complete and check them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ganzoo.contracts.component import Component
    from ganzoo.schema.options import Option
    from ganzoo.zoo import Zoo

_TEXT = {"type": "string"}


@click.command(name="schema")
def command() -> None:
    """Print the JSON schema of recipes that can be written with the installed plugins.

    Save it, and name it in the first line of a recipe: #:schema ganzoo.schema.json
    """
    require_torch_backend()
    from ganzoo.zoo import load_zoo

    click.echo(json.dumps(recipe_schema(load_zoo()), indent=2))


def recipe_schema(zoo: Zoo) -> dict[str, Any]:
    """Return the schema of a whole recipe."""
    from ganzoo.recipe import settings

    def one(kind: str, role: str | None = None, wiring: type[BaseModel] | None = None) -> dict[str, Any]:
        return component_schema(zoo, kind, role=role, wiring=wiring)

    optimizers = {"anyOf": [model_schema(cls) for cls in dict.fromkeys(settings.OPTIMIZERS.values())]}
    term = {"title": "term", **model_schema(settings.LossSettings), "required": ["term"]}
    losses = {"anyOf": [*one("loss", wiring=settings.LossSettings)["anyOf"], term]}
    sections = {
        "title": _TEXT,
        "paper": _TEXT,
        "description": _TEXT,
        "task": one("task"),
        "data": one("dataset"),
        "validation": one("dataset"),
        "generator": one("architecture", "generator"),
        "discriminator": one("architecture", "discriminator"),
        "networks": {"type": "object", "additionalProperties": one("architecture")},
        "losses": array(losses),
        "regularizers": array(one("regularizer", wiring=settings.RegularizerSettings)),
        "metrics": array(one("metric", wiring=settings.MetricSettings)),
        "optimizers": {
            "type": "object",
            "properties": {"generator": optimizers, "discriminator": optimizers},
            "additionalProperties": False,
        },
        "train": model_schema(settings.TrainSettings),
        "ema": model_schema(settings.EmaSettings),
        "phases": array(model_schema(settings.PhaseSettings)),
        "profiles": {"type": "object", "additionalProperties": {"type": "object"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ganzoo recipe",
        "type": "object",
        "properties": sections,
        "required": ["task", "data", "losses", "train", "phases"],
        "additionalProperties": False,
    }


def component_schema(
    zoo: Zoo, kind: str, *, role: str | None = None, wiring: type[BaseModel] | None = None, base: type[Any] = object
) -> dict[str, Any]:
    """Return the schema of a table that names one component of a kind."""
    extra = model_schema(wiring)["properties"] if wiring else {}
    found = [
        table_schema(zoo, name, cls, extra)
        for kind_of, name, cls in zoo.components()
        if kind_of == kind and role in (None, getattr(cls, "role", None)) and issubclass(cls, base)
    ]
    return {"anyOf": found}


def table_schema(zoo: Zoo, name: str, cls: type[Component], extra: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one component's table."""
    from ganzoo.schema.options import options

    own = options(cls)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").strip().partition("\n")[0],
        "properties": {"name": {"const": name}, **{option.name: option_schema(zoo, option) for option in own}, **extra},
        "required": ["name", *(option.name for option in own if option.required)],
        "additionalProperties": False,
    }


def option_schema(zoo: Zoo, option: Option) -> dict[str, Any]:
    """Return the schema of one constructor argument; a nested component is a table again."""
    from ganzoo.schema.options import nested_contract
    from ganzoo.schema.values import to_toml, value_schema

    contract = nested_contract(option.annotation)
    if contract is not None:
        return component_schema(zoo, contract.kind, base=contract)
    schema = value_schema(option.annotation)
    default = to_toml(option.default)
    return schema if option.required or default is None else {**schema, "default": default}


def model_schema(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of one of the core's own sections, without defaults that are no JSON."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls.model_json_schema()


def array(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array of tables."""
    return {"type": "array", "items": items}
