"""`ganzoo evaluate`: score a run on held-out data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend
from ganzoo.commands._named import named, named_dataset

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.contracts.results import Trained
    from ganzoo.contracts.wiring import WiredMetric
    from ganzoo.recipe import Recipe
    from ganzoo.schema.build import Constructed
    from ganzoo.zoo import Zoo


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--data", metavar="FOLDER|DATASET", help="A folder, or a dataset by name; the recipe's [validation] by default."
)
@click.option("--metric", "names", multiple=True, metavar="NAME", help="Score with this metric instead; repeatable.")
@click.option(
    "--set",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of that dataset, or of a metric as METRIC.KEY=VALUE; repeatable.",
)
@click.option("--best", is_flag=True, help="Use the best checkpoint (see train.best) instead of the newest.")
@click.option("--floor", is_flag=True, help="Add the row floor: as many training examples in place of generated ones.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Score N times with other latents and held-out examples; show mean and standard deviation.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    run: Path,
    data: str | None,
    names: tuple[str, ...],
    options: tuple[str, ...],
    best: bool,
    floor: bool,
    seeds: int,
    as_json: bool,
) -> None:
    """Score the networks of a RUN on held-out data.

    Uses the recipe's metrics, and shows the task's baseline next to the networks. Nothing is written. --metric NAME
    scores with other metrics than the recipe's. A difference that is smaller than the deviation of --seeds, or a score
    near that of --floor, means nothing.
    """
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.commands._scores import show_scores
    from ganzoo.commands._terminal import say
    from ganzoo.contracts.notice import listening
    from ganzoo.data.opening import open_sources
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.training.evaluation import evaluate, mean_of, scores_record
    from ganzoo.training.reload import trained_networks
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=zoo)
    of_metrics = tuple(option for option in options if option.partition(".")[0] in names)
    metrics = metrics_for(recipe, zoo, names, of_metrics)
    of_data = tuple(option for option in options if option not in of_metrics)
    datasets, tables = held_out(recipe, zoo, data, of_data)
    sources = open_sources(datasets, key="--data" if data else "validation")
    note = partial(say, stderr=True)
    with training_device(recipe.train.device), listening(note):
        trained, step = trained_networks(folder, recipe, best=best, note=note)
        score = partial(
            evaluate,
            recipe,
            trained,
            sources,
            metrics=metrics,
            datasets=tables,
            products=products(recipe, trained),
            training=lambda: open_sources(recipe.data),
            floor=floor,
            note=note,
        )
        scores = mean_of([score(seed=recipe.train.seed + number) for number in range(seeds)])
    if as_json:
        click.echo(json.dumps(scores_record(scores, step), indent=2))
    else:
        show_scores(scores, f"{run} after {step} steps")


def products(recipe: Recipe, trained: Trained) -> list[str]:
    """Return the names of the networks that the training was for."""
    return [spec.name for spec in recipe.task.networks(trained.fields, trained.fitted) if spec.is_product]


def metrics_for(recipe: Recipe, zoo: Zoo, names: tuple[str, ...], options: tuple[str, ...]) -> tuple[WiredMetric, ...]:
    """Return the metrics that the command line names, or the recipe's own."""
    from ganzoo.contracts.wiring import WiredMetric
    from ganzoo.errors import RecipeError
    from ganzoo.recipe.overrides import parse_assignment, with_overrides

    if not names:
        if not recipe.metrics:
            raise RecipeError(
                "the recipe has no [[metrics]], so there is nothing to score with; name one: --metric NAME"
            )
        return recipe.metrics
    made = []
    for name in dict.fromkeys(names):
        given = dict(parse_assignment(option.partition(".")[2]) for option in options if option.startswith(f"{name}."))
        table, _ = with_overrides({"name": name}, given, f"--set {name}.{{}}".format)
        make = partial(named, "metric", table, zoo, option="--metric", key=f"--set {name}")
        made.append(WiredMetric(key=name, make=partial(_component, make), table=make().table))
    return tuple(made)


def _component(make: Callable[[], Constructed]) -> Any:
    return make().component


def held_out(
    recipe: Recipe, zoo: Zoo, data: str | None, options: tuple[str, ...]
) -> tuple[Mapping[str, Dataset], Mapping[str, Any]]:
    """Return the dataset of each stream, and its table: the one that the command line names, or the recipe's own."""
    from ganzoo.errors import RecipeError, listing

    if data is not None:
        if len(recipe.data) > 1:
            streams = listing(recipe.data)
            raise RecipeError(
                f"--data: the task has the streams {streams}; give them in the recipe, as [validation.NAME]"
            )
        made = named_dataset(zoo, data, options)
        stream = next(iter(recipe.data))
        return {stream: made.component}, {stream: made.table}
    if options:
        raise RecipeError("--set: needs --data, the dataset that it configures")
    if recipe.validation is None:
        raise RecipeError("the recipe has no [validation]; name a folder or a dataset, as --data my_photos")
    return recipe.validation, recipe.resolved_validation
