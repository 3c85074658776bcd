"""The JSON schema of recipes: right recipes pass, and a mistake is told at its key."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from json_schema import mistakes

from ganzoo import Dataset, hookimpl, load_recipe, load_zoo
from ganzoo.commands.schema import Definitions, recipe_schema
from ganzoo.recipe import list_recipes
from ganzoo.recipe import settings as sections
from ganzoo.schema.options import RESERVED

ZOO = load_zoo()
SCHEMA = json.loads(json.dumps(recipe_schema(Definitions(ZOO))))


@dataclass(frozen=True, kw_only=True)
class Subset(Dataset):
    """Takes a part of another dataset."""

    of: Dataset

    def open(self):
        return self.of.open()


class Unspeakable(Dataset):
    """Has a default that is not JSON."""

    def __init__(self, *, label: str = object()) -> None:
        self.label = label

    def open(self):
        return None


@hookimpl
def ganzoo_register_datasets():
    return {"subset": Subset, "unspeakable": Unspeakable}


NESTING = load_zoo({"mine": SimpleNamespace(GANZOO_API="1", ganzoo_register_datasets=ganzoo_register_datasets)})


def told(table, schema=SCHEMA):
    return list(mistakes(table, schema, schema))


def bundled(name):
    return tomllib.loads(list_recipes()[name].read_text())


@pytest.mark.parametrize("name", list_recipes())
def test_the_bundled_recipes_pass_as_written_and_as_resolved(name):
    assert told(bundled(name)) == []
    assert told(dict(load_recipe(name, zoo=ZOO, profile="smoke").resolved)) == []


def test_every_component_can_be_named_plainly_and_with_its_plugin():
    text = json.dumps(SCHEMA)
    assert all(f'"{name}"' in text for name in ("srresnet", "hinge", "r1", "psnr", "folder", "generation"))
    assert all(f'"{name}"' in text for name in ("srgan/srresnet", "losses/hinge", "generation/generation"))


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        ("generator", {"hiden": 3}, "generator.hiden: unexpected"),
        ("data", {"modes": "many"}, "data.modes: is not integer"),
        ("data", {"name": "gausians"}, "data.name: is none of"),
        ("losses", {"wieght": 3}, "losses.0.wieght: unexpected"),
        ("train", {"batch_size": 0}, "train.batch_size: minimum 1"),
    ],
)
def test_a_mistake_is_told_at_its_key_alone(section, change, expected):
    table = bundled("gaussians_ring")
    (table[section][0] if section == "losses" else table[section]).update(change)
    assert [line.startswith(expected) for line in told(table)] == [True]


def test_a_section_of_data_may_be_a_text():
    table = bundled("gaussians_ring")
    assert told({**table, "data": "my_photos", "validation": "others"}) == []
    assert told({**table, "data": ""}) == ["data: minLength 1"]
    assert told({**table, "data": 2024}) != []


def test_components_that_hold_components_of_their_own_kind_have_a_schema():
    schema = recipe_schema(Definitions(NESTING))
    table = {
        **bundled("gaussians_ring"),
        "data": {"name": "subset", "of": {"name": "subset", "of": {"name": "photos"}}},
    }
    assert told(table, schema) == []
    table["data"]["of"]["of"]["tiel"] = 3
    assert told(table, schema) == ["data.of.of.tiel: unexpected"]


def test_a_component_without_a_schema_is_left_out_with_a_notice_and_nothing_else():
    definitions = Definitions(NESTING)
    schema = recipe_schema(definitions)
    assert [notice.partition(" is left out")[0] for notice in definitions.notices] == [
        "dataset 'unspeakable' of plugin 'mine' ((in process))"
    ]
    assert '"unspeakable"' not in json.dumps(schema)
    assert told(bundled("gaussians_ring"), schema) == []


def test_the_keys_that_a_component_cannot_take_are_those_of_its_section():
    settings = {
        "architecture": sections.NetworkSettings,
        "callback": sections.CallbackSettings,
        "loss": sections.LossSettings,
        "regularizer": sections.RegularizerSettings,
        "metric": sections.MetricSettings,
        "optimizer": sections.OptimizerSettings,
    }
    assert {kind: {*cls.model_fields, "name"} for kind, cls in settings.items()} == RESERVED
