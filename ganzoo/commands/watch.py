"""`ganzoo watch`: how a run stands, on the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ganzoo.reporting.reading import RunFacts

_SPARK = 32
#: Lines of the view beside those of curves.
_OTHER_LINES = 14


@click.command(name="watch")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--every", type=click.FloatRange(min=0.2), default=2.0, show_default=True, help="Seconds between looks.")
def command(run: Path, every: float) -> None:
    """Show how a RUN stands: curves, verdicts and time left.

    Reads the run's files only, so it also works on finished runs and over ssh. Ends when the run is finished, or with
    Ctrl-C, which leaves the run alone. In a pipe it shows the present state once.
    """
    from rich.live import Live

    from ganzoo.commands._terminal import console
    from ganzoo.reporting.reading import read_run

    output = console()
    facts = read_run(run)
    if is_over(facts) or not output.is_interactive:
        output.print(view(facts, lines=10_000, ascii_only=output.options.ascii_only))
        return
    try:
        with Live(console=output, auto_refresh=False) as live:
            while True:
                live.update(view(facts, lines=output.height, ascii_only=output.options.ascii_only), refresh=True)
                if is_over(facts):
                    return
                time.sleep(every)
                facts = read_run(run)
    except KeyboardInterrupt:
        return


def is_over(run: RunFacts) -> bool:
    """Return whether nothing will change any more."""
    return run.manifest.get("status") == "finished"


def view(run: RunFacts, *, lines: int, ascii_only: bool = False) -> RenderableType:
    """Return the state of a run as at most about so many lines."""
    from rich.console import Group
    from rich.text import Text

    from ganzoo.errors import for_terminal

    parts: list[Any] = [Text(for_terminal(_title(run)), style="bold"), _progress(run)]
    curves = list(_curves(run, ascii_only=ascii_only))
    left_out = max(0, len(curves) - max(4, lines - _OTHER_LINES))
    parts.append(_table(curves[: len(curves) - left_out]))
    if left_out:
        parts.append(Text(f"{left_out} more curves are in metrics.jsonl", style="dim"))
    parts += [Text(for_terminal(line)) for line in _scores(run)]
    parts += list(_verdicts(run))
    if run.samples:
        parts.append(Text(for_terminal(f"newest samples: {run.samples[max(run.samples)]}")))
    parts += [Text(for_terminal(notice), style="yellow") for notice in run.notices[:3]]
    return Group(*parts)


def _title(run: RunFacts) -> str:
    title = run.recipe.get("title")
    return f"{run.name}: {title}" if title else run.name


def _progress(run: RunFacts) -> RenderableType:
    from rich.text import Text

    from ganzoo.commands._eta import Eta, seconds_per_step
    from ganzoo.commands._progress import ProgressLine
    from ganzoo.contracts.timeline import Timeline
    from ganzoo.errors import for_terminal

    if not run.phases:
        return Text(f"{run.done} steps done")
    timeline = Timeline(run.phases)
    phase = for_terminal(timeline.at(max(run.done - 1, 0)).phase)
    if is_over(run):
        return Text(f"{phase} finished after {run.done} of {run.total} steps")
    eta = Eta(timeline, seconds_per_step(run.timing, timeline)).text(run.done)
    return ProgressLine(phase, run.done, run.total, eta, _age(run))


def _age(run: RunFacts) -> str:
    """Return when the run last wrote its log: long ago for one that nobody trains."""
    from ganzoo.reporting.durations import duration

    try:
        seconds = time.time() - (run.path / "metrics.jsonl").stat().st_mtime
    except OSError:
        return ""
    return f"last written {duration(max(seconds, 0))} ago"


def _curves(run: RunFacts, *, ascii_only: bool) -> Iterator[tuple[str, str, str]]:
    """Yield name, curve and newest value of everything that was logged, losses first."""
    from ganzoo.commands._sparkline import sparkline
    from ganzoo.reporting.curves import charts

    for chart in charts(run):
        for series in chart.series:
            line = sparkline(series.values, _SPARK, ascii_only=ascii_only)
            yield f"{chart.title}: {series.name}", line, f"{series.values[-1]:.4g}"


def _table(rows: list[tuple[str, str, str]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from ganzoo.errors import for_terminal

    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True, overflow="ellipsis")
    made.add_column(no_wrap=True, overflow="crop", style="cyan")
    made.add_column(no_wrap=True, justify="right")
    for row in rows:
        made.add_row(*(Text(for_terminal(cell, most=80)) for cell in row))
    return made


def _scores(run: RunFacts) -> Iterator[str]:
    if run.final is None:
        return
    for row, values in run.final.rows.items():
        told = " ".join(f"{name} {'failed' if value is None else f'{value:.4g}'}" for name, value in values.items())
        yield f"scores after step {run.final.step}: {row} {told}"


def _verdicts(run: RunFacts) -> Iterator[RenderableType]:
    from rich.text import Text

    from ganzoo.errors import for_terminal

    if not run.verdicts:
        yield Text("no verdicts", style="dim")
    for found in run.verdicts[-3:]:
        each = found.verdict
        told = f"{each.severity}: {each.what} (since step {each.since}, found at step {found.step})"
        told += "".join(f"; {word}: {what}" for word, what in (("cause", each.cause), ("change", each.change)) if what)
        yield Text(for_terminal(told), style="bold red" if each.severity == "failure" else "yellow")
