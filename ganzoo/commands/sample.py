"""`ganzoo sample`: use the trained networks."""

from __future__ import annotations

from pathlib import Path

import click

from ganzoo.backend import require_torch_backend
from ganzoo.commands._interpolation import Interpolation, interpolation_options


@click.command(name="sample")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, help="File or folder to write; / at the end means a folder.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Number of samples, generation only.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed of samples, and of dropout that stays on.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the task, e.g. label=3 or format=jpg; repeatable.",
)
@interpolation_options
@click.option("--best", is_flag=True, help="Use the best checkpoint (see train.best) instead of the newest.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist (never one of the INPUTS).")
@click.option("--unmarked", is_flag=True, help="Do not write into PNG files which network made them.")
def command(
    run: Path,
    inputs: tuple[Path, ...],
    output: str,
    count: int,
    seed: int,
    assignments: tuple[str, ...],
    other: str | None,
    alpha: float | None,
    best: bool,
    overwrite: bool,
    unmarked: bool,
) -> None:
    """Use the trained networks of a RUN.

    Processes photographs (INPUTS: files and folders), or draws new samples.
    """
    require_torch_backend()
    from ganzoo.commands._sampling import sample_run

    sample_run(
        run,
        output,
        inputs,
        assignments,
        best=best,
        overwrite=overwrite,
        unmarked=unmarked,
        count=count,
        seed=seed,
        interpolation=Interpolation.asked(other, alpha),
    )
