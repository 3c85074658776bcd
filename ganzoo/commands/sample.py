"""`ganzoo sample`: use the trained networks."""

from __future__ import annotations

from pathlib import Path

import click

from ganzoo.backend import require_torch_backend


@click.command(name="sample")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file (or folder) to write.")
@click.option(
    "--count", type=click.IntRange(min=1), default=64, show_default=True, help="How many, where the task invents them."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which ones, where the task invents them.")
@click.option("--best", is_flag=True, help="Use the best checkpoint (see train.best) instead of the newest.")
def command(run: Path, inputs: tuple[Path, ...], output: Path, count: int, seed: int, best: bool) -> None:
    """Let the networks of a RUN folder work: enlarge the photographs given as INPUTS, or draw new samples."""
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.streams import Random
    from ganzoo.terminal import say
    from ganzoo.training.reload import trained_networks
    from ganzoo.zoo import load_zoo

    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=load_zoo())
    with training_device(recipe.train.device):
        networks, _ = trained_networks(folder, recipe, best=best, note=say)
        written = recipe.task.sample(networks, inputs, output, count=count, rng=Random(seed, "sample"))
    for path in written:
        say(f"wrote {path}")
