"""Components that hold lists and tables of components."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Annotated

import pytest
import tomli_w
from annotated_types import MinLen
from json_schema import mistakes

from ganzoo import Dataset, RecipeError, Schedule, hookimpl, load_recipe, load_zoo
from ganzoo.commands.schema import Definitions, recipe_schema
from ganzoo.recipe import find_recipe
from ganzoo.schema.options import options


@dataclass(frozen=True, kw_only=True)
class Chain(Dataset):
    """One dataset after the other."""

    parts: Annotated[tuple[Dataset, ...], MinLen(1)]
    weights: tuple[Schedule, ...] = ()

    def open(self):
        return self.parts[0].open()


@dataclass(frozen=True, kw_only=True)
class Choice(Dataset):
    """Datasets by name."""

    parts: dict[str, Dataset]
    more: dict[str, Dataset] | None = None

    def open(self):
        return next(iter(self.parts.values())).open()


@hookimpl
def ganzoo_register_datasets():
    return {"chain": Chain, "choice": Choice}


ZOO = load_zoo({"mine": SimpleNamespace(GANZOO_API="1", ganzoo_register_datasets=ganzoo_register_datasets)})
LIST = "data={name='chain', parts=[{name='gaussians', count=64}, {name='chain', parts=[{name='gaussians', seed=3}]}]}"
TABLE = "data={name='choice', parts={near={name='gaussians', count=64}, far={name='gaussians', radius=9.0}}}"


def load(*overrides, source="gaussians_ring"):
    return load_recipe(source, zoo=ZOO, profile="smoke" if source == "gaussians_ring" else None, overrides=overrides)


def dataset(*overrides):
    return load(*overrides).data["data"]


def told(*overrides):
    with pytest.raises(RecipeError) as caught:
        load(*overrides)
    return [str(problem) for problem in caught.value.problems]


def test_a_list_and_a_table_of_components_are_made(tmp_path):
    first, second = dataset(LIST).parts
    assert (first.count, second.parts[0].seed) == (64, 3)
    assert dataset(TABLE).parts["far"].radius == 9.0
    assert dataset(TABLE).more is None


@pytest.mark.parametrize("data", [LIST, TABLE])
def test_the_resolved_recipe_is_the_same_recipe_with_every_default(tmp_path, data):
    recipe = load(data)
    path = tmp_path / "again.toml"
    path.write_text(tomli_w.dumps(dict(recipe.resolved)))
    again = load(source=path)
    assert again.resolved == recipe.resolved
    assert again.digest() == recipe.digest()
    assert "layout" in path.read_text()
    assert {Chain, Choice} & recipe.used


def test_parts_are_changed_by_index_by_name_and_by_key():
    changed = dataset(LIST, "data.parts.0.count=32", "data.parts.1.parts.gaussians.seed=5")
    assert changed.parts[0].count == 32
    assert changed.parts[1].parts[0].seed == 5
    assert dataset(TABLE, "data.parts.far.radius=1.5").parts["far"].radius == 1.5
    assert set(dataset(TABLE, "data.parts.third={name='gaussians'}").parts) == {"near", "far", "third"}
    # another name drops the options of the part only
    renamed = dataset(TABLE, "data.parts.near.name=photos").parts
    assert type(renamed["near"]).__name__ == "Photos"
    assert renamed["far"].radius == 9.0


def test_schedules_in_a_list_may_be_numbers_tables_and_those_of_plugins():
    more = "data.weights=[0.5, {start=1.0, end=0.0, steps=2}, {name='cosine', start=1.0, steps=2}]"
    recipe = load(LIST, more)
    assert [schedule(1) for schedule in recipe.data["data"].weights] == pytest.approx([0.5, 0.5, 0.5])
    assert recipe.resolved["data"]["weights"][2]["name"] == "schedules/cosine"


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([LIST, "data.parts.0.cuont=3"], ["data.parts.0.cuont: unknown key 'cuont' (did you mean 'count'?)"]),
        ([LIST, "data.parts.1.parts.0.name=gausians"], ["data.parts.1.parts.0.name: there is no dataset 'gausians'"]),
        ([TABLE, "data.parts.far.radius=wide"], ["data.parts.far.radius: is 'wide', expected float"]),
        (
            [LIST, "data.parts.0.cuont=3", "data.parts.1.parts.0.seed=-0.5"],
            ["data.parts.0.cuont: unknown", "data.parts.1.parts.0.seed: is -0.5, expected int"],
        ),
        (["data={name='chain', parts=[]}"], ["data.parts: is [], expected list of Dataset of length >= 1"]),
        (["data={name='chain', parts={name='gaussians'}}"], ["data.parts: is {'name': 'gaussians'}, expected list of"]),
        (["data={name='choice', parts=['gaussians']}"], ["data.parts: is ['gaussians'], expected table of Dataset"]),
        (["data={name='choice', parts={a=3}}"], ["data.parts.a: expected a table with a name"]),
        (["data={name='choice', parts={a={name='psnr'}}}"], ["'psnr' is a metric"]),
        (["data={name='chain'}"], ["data.parts: is required: list of Dataset of length >= 1"]),
        ([LIST, "data.parts.7.count=3"], ["there is no item '7'"]),
    ],
)
def test_each_mistake_in_a_part_is_told_at_its_key(overrides, expected):
    found = told(*overrides)
    assert len(found) == len(expected)
    assert all(text in line for text, line in zip(expected, found, strict=True))


def test_lists_and_tables_of_components_are_described_in_words():
    assert [option.type_text for option in options(Chain)] == [
        "list of Dataset of length >= 1",
        "list of number or schedule",
    ]
    assert [option.type_text for option in options(Choice)] == ["table of Dataset", "table of Dataset or nothing"]


@pytest.mark.parametrize("data", [LIST, TABLE])
def test_the_schema_checks_the_parts(data):
    import tomllib

    schema = recipe_schema(Definitions(ZOO))
    table = tomllib.loads(find_recipe("gaussians_ring").read_text()) | tomllib.loads(data)
    assert list(mistakes(table, schema, schema)) == []
    parts = table["data"]["parts"]
    (parts[0] if isinstance(parts, list) else parts["near"])["cuont"] = 3
    key = "0" if isinstance(parts, list) else "near"
    assert list(mistakes(table, schema, schema)) == [f"data.parts.{key}.cuont: unexpected"]


def test_the_schema_knows_the_schedules_of_plugins_and_the_new_sections():
    schema = recipe_schema(Definitions(ZOO))
    recipe = load(
        "optimizers.generator.learning_rate={name='warm_up', steps=2, then={name='cosine', start=1.0, steps=4}}",
        "callbacks=[{name='csv', every=3, label='often'}]",
        "generator.phases=['train']",
        "phases.0.batch_size=4",
        "phases.0.reset_optimizers=true",
    )
    assert list(mistakes(dict(recipe.resolved), schema, schema)) == []
    wrong = {**recipe.resolved, "callbacks": [{"name": "csvv"}], "optimizers": {"generator": {"name": "adam"}}}
    found = " ".join(mistakes(wrong, schema, schema))
    assert "callbacks.0.name" in found
    assert "learning_rate" in found
