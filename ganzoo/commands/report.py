"""`ganzoo report`: a run as one page of HTML."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; report.html in RUN by default.")
def command(run: Path, output: Path | None) -> None:
    """Write a RUN as one HTML file.

    The file opens in a browser without network: scores, samples, curves, the recipe's differences, verdicts,
    throughput and environment. A run writes it at its end.
    """
    from ganzoo.commands._terminal import say
    from ganzoo.reporting.page import NAME, report
    from ganzoo.reporting.reading import read_run
    from ganzoo.runs.files import write_durably

    facts = read_run(run)
    for notice in facts.notices:
        say(notice, stderr=True)
    path = output or run / NAME
    write_durably(path, report(facts).encode())
    say(f"wrote {path}")
