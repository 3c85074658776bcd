"""`ganzoo sample`: use the trained networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.contracts.task import Task
    from ganzoo.zoo import Zoo


@click.command(name="sample")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file (or folder) to write.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Number of new samples.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of new samples.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option of the task, e.g. label=3; repeatable."
)
@click.option("--best", is_flag=True, help="Use the best checkpoint (see train.best) instead of the newest.")
def command(
    run: Path,
    inputs: tuple[Path, ...],
    output: Path,
    count: int,
    seed: int,
    assignments: tuple[str, ...],
    best: bool,
) -> None:
    """Use the networks of a RUN folder: enlarge the photographs given as INPUTS, or draw new samples."""
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.blame import blaming
    from ganzoo.contracts.results import SampleRequest
    from ganzoo.errors import ResourceError
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.streams import Random
    from ganzoo.terminal import say
    from ganzoo.training.reload import trained_networks
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=zoo)
    options = sampling_options(recipe.task, assignments, zoo)
    with training_device(recipe.train.device):
        trained, _ = trained_networks(folder, recipe, best=best, note=say)
        rng = Random(seed, "sample")
        request = SampleRequest(output=output, inputs=inputs, count=count, rng=rng, options=options)
        try:
            with blaming(recipe.task, "task, sample()", passing=(OSError,)):
                written = list(recipe.task.sample(trained, request))
        except OSError as error:
            raise ResourceError(f"{output}: cannot be written: {error.strerror or error}") from error
    for path in written:
        say(f"wrote {path}")


def sampling_options(task: Task, assignments: tuple[str, ...], zoo: Zoo) -> Any:
    """Return the task's options of sampling; RecipeError with what it takes for everything that is wrong."""
    from ganzoo.recipe.overrides import parse_assignment
    from ganzoo.schema.build import construct

    table = dict(parse_assignment(assignment) for assignment in assignments)
    return construct(task.sampling, table, zoo=zoo, key="--set").component
