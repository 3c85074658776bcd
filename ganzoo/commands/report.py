"""`ganzoo report`: a run as one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.reporting.page import Insight
    from ganzoo.zoo import Zoo


@click.command(name="report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; report.html in RUN by default.")
@click.option("--files-only", is_flag=True, help="Leave out what has to be computed with the networks.")
def command(run: Path, output: Path | None, files_only: bool) -> None:
    """Write a RUN as one HTML file.

    The file opens in a browser without network: scores, samples, curves, the recipe's differences, verdicts,
    throughput, environment, and what the newest networks show: features, latents, gradients. A run writes it at its
    end, without the latter.
    """
    require_torch_backend()
    from ganzoo.commands._terminal import say
    from ganzoo.reporting.page import NAME, report
    from ganzoo.reporting.reading import read_run
    from ganzoo.runs.files import write_durably
    from ganzoo.zoo import load_zoo

    facts = read_run(run)
    zoo = load_zoo()
    for notice in facts.notices:
        say(notice, stderr=True)
    path = output or run / NAME
    write_durably(path, report(facts, zoo=zoo, insights=None if files_only else _insights(run, zoo)).encode())
    say(f"wrote {path}")


def _insights(run: Path, zoo: Zoo) -> list[Insight]:
    """Return what the networks show; every part says why where the run cannot be assembled here."""
    from ganzoo.errors import GanzooError
    from ganzoo.reporting.page import Insight
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.training.insights import insights

    folder = RunFolder.existing(run)
    try:
        return insights(folder, load_run_recipe(folder, zoo=zoo))
    except GanzooError as error:
        return [Insight("Networks", "", reason=str(error))]
