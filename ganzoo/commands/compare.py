"""`ganzoo compare`: runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ganzoo.reporting.comparison import Comparison


@click.command(name="compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Also write a page with curves and samples side by side.")
def command(runs: tuple[Path, ...], html: Path | None) -> None:
    """Compare the scores and recipes of RUNs.

    Runs whose recipes are equal but for the seed are one group, with mean and standard deviation. Each group is
    compared with that of the first RUN by Welch's t-test. Scores that were computed with other features, data or
    settings are not compared.
    """
    from ganzoo.reporting.comparison import compare
    from ganzoo.reporting.reading import read_run

    found = compare([read_run(path) for path in runs])
    show(found)
    if html is not None:
        from ganzoo.commands._terminal import say
        from ganzoo.reporting.comparison_page import comparison_page
        from ganzoo.runs.files import write_durably

        write_durably(html, comparison_page(found).encode())
        say(f"wrote {html}")


def show(found: Comparison) -> None:
    """Print a comparison."""
    from ganzoo.commands._terminal import console, say, table
    from ganzoo.reporting.comparison_page import scores_table

    output = console()
    columns, rows = scores_table(found)
    output.print(table("Scores", columns, rows, others="left"))
    if found.recipe:
        output.print()
        letters = [group.letter for group in found.groups]
        lines = [[each.key, *each.values] for each in found.recipe]
        output.print(table("Recipes", ["key", *letters], lines, others="left"))
    say("")
    for contrast in found.contrasts:
        say(str(contrast))
    if found.tests > 1:
        say(f"{found.tests} tests; each p is adjusted for that (Holm)")
    for name, reason in found.refused.items():
        say(f"{name}: not compared: {reason}")
    for run in (run for group in found.groups for run in group.runs):
        for notice in run.notices:
            say(f"{run.name}: {notice}")
    for notice in found.notices:
        say(notice)
