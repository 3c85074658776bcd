"""`ganzoo evaluate`: score a run on held-out data."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.recipe import Recipe
    from ganzoo.zoo import Zoo


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", metavar="DATASET", help="A dataset by name; the recipe's [validation] by default.")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="An option of that dataset; repeatable.")
@click.option("--best", is_flag=True, help="Use the best checkpoint (see train.best) instead of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, data: str | None, options: tuple[str, ...], best: bool, as_json: bool) -> None:
    """Score the networks of a RUN folder on held-out data with the recipe's metrics, beside the task's baseline."""
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.commands._scores import show_scores
    from ganzoo.data.opening import open_source
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.terminal import say
    from ganzoo.training.evaluation import evaluate, scores_record
    from ganzoo.training.reload import trained_networks
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=zoo)
    source = open_source(held_out(recipe, zoo, data, options), key="--data" if data else "validation")
    with training_device(recipe.train.device):
        networks, step = trained_networks(folder, recipe, best=best, note=partial(say, stderr=True))
        scores = evaluate(recipe.task, networks, source, recipe.metrics, seed=recipe.train.seed)
    if as_json:
        click.echo(json.dumps(scores_record(scores, step), indent=2))
    else:
        show_scores(scores, f"{run} after {step} steps")


def held_out(recipe: Recipe, zoo: Zoo, data: str | None, options: tuple[str, ...]) -> Dataset:
    """Return the dataset that the command line names, or the recipe's own."""
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.errors import RecipeError
    from ganzoo.recipe.overrides import parse_assignment
    from ganzoo.schema.build import component_table

    if data is not None:
        table = {"name": data, **dict(parse_assignment(option) for option in options)}
        made: Dataset = component_table("dataset", table, zoo=zoo, key="--data", base=Dataset).component
        return made
    if options:
        raise RecipeError("--set: needs --data, the dataset that it configures")
    if recipe.validation is None:
        raise RecipeError("the recipe has no [validation]; name a dataset, as --data folder --set path=photos")
    return recipe.validation
