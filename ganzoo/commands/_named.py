"""Components that the command line names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganzoo.schema.build import Constructed
    from ganzoo.zoo import Zoo


def named(kind: str, table: dict[str, Any], zoo: Zoo, *, option: str, key: str) -> Constructed:
    """Make a component whose name `option` gave and whose options `key` did; messages name what was typed."""
    from ganzoo.errors import Problem, RecipeError
    from ganzoo.schema.build import construct

    name = table["name"]
    try:
        offer = zoo.offer(kind, name)
    except RecipeError as error:
        raise RecipeError(Problem(str(error), place=f"{option} {name}")) from error
    own = {option: value for option, value in table.items() if option != "name"}
    made = construct(offer.cls, own, zoo=zoo, key=key)
    return replace(made, table={"name": offer.qualified, **made.table})


def named_dataset(zoo: Zoo, data: str, options: Sequence[str]) -> Constructed:
    """Make the dataset of `--data`, a folder or a name, with its options from `--set`."""
    from ganzoo.recipe.overrides import parse_assignment
    from ganzoo.recipe.own_data import BareFolder

    is_path = not zoo.offers("dataset", data) and Path(data).is_dir()
    table: dict[str, Any] = BareFolder(data) if is_path else {"name": data}
    table |= dict(parse_assignment(option) for option in options)
    return named("dataset", table, zoo, option="--data", key="--set")
