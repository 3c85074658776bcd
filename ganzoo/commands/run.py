"""`ganzoo run`: train a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.recipe import Recipe
    from ganzoo.runs.folder import RunFolder
    from ganzoo.zoo import Zoo


@click.command(name="run")
@click.argument("recipe")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value, as train.seed=1; repeatable."
)
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
@click.option("--name", metavar="NAME", help="Name of the run; the recipe's (and profile's) by default.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Where runs lie."
)
@click.option("--resume", is_flag=True, help="Insist on going on with a run that exists.")
def command(
    recipe: str, overrides: tuple[str, ...], profile: str | None, name: str | None, runs: Path, resume: bool
) -> None:
    """Train RECIPE: a file, the name of a bundled recipe, or a run folder to go on with.

    The same command again continues where the last checkpoint was written; Ctrl-C saves first.
    """
    require_torch_backend()
    from ganzoo.recipe import load_recipe
    from ganzoo.runs.folder import RunFolder
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    folder = Path(recipe)
    if folder.is_dir():
        run = RunFolder.existing(folder)
        plan = load_recipe(run.recipe, zoo=zoo, profile=profile, overrides=overrides)
    else:
        plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)
        run = RunFolder.named(runs, name or "-".join(filter(None, (plan.name, profile))))
    _train(plan, run, zoo, resume=resume)


def _train(plan: Recipe, run: RunFolder, zoo: Zoo, *, resume: bool) -> None:
    from ganzoo.terminal import RunProgress, say

    say(f"{plan.name}: {plan.title}\nwriting to {run.path}")
    # data first: what is missing is told at once, before keras and torch are imported
    source = plan.data.open()
    held_out = plan.validation.open() if plan.validation else None

    from ganzoo.assembly import training_device
    from ganzoo.commands._scores import show_scores
    from ganzoo.training.launch import launch

    progress = RunProgress()
    try:
        with training_device(plan.train.device):
            scores = launch(plan, run, progress, source=source, held_out=held_out, plugins=zoo.plugins, resume=resume)
    finally:
        progress.close()
    if scores is not None:
        show_scores(scores, f"held-out data after {sum(phase.steps for phase in plan.phases)} steps")
    shown = run.held_out if run.held_out.is_dir() else run.samples
    say(f"pictures in {shown}, networks and scores in {run.path}")
