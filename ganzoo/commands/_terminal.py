"""Output of commands: tables, progress and notes, on a terminal or in a pipe.

Output is best effort. A closed pipe, an ASCII locale or a narrow terminal never stops a run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

from ganzoo.errors import for_terminal

#: Piped output is never cut to the width of a terminal that is not there.
_PIPED_WIDTH = 200
_SECONDS_BETWEEN_LINES = 5.0
_YEAR = 365 * 24 * 3600
#: A cell says a name or a line of text.
_LONGEST_CELL = 500


class SafeConsole(Console):
    """A console that goes quiet instead of failing when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        with suppress(OSError, ValueError):
            sys.stdout = open("/dev/null", "w")  # noqa: SIM115, PTH123

    def print(self, *objects: Any, **options: Any) -> None:
        with suppress(OSError, ValueError):
            super().print(*objects, **options)


def console(*, stderr: bool = False) -> Console:
    """Return a console for standard output (or error) that fits what it is connected to."""
    stream = sys.stderr if stderr else sys.stdout
    with suppress(AttributeError, OSError, ValueError):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    piped = not stream.isatty()
    return SafeConsole(file=stream, width=_PIPED_WIDTH if piped else None, highlight=False, soft_wrap=piped)


def say(message: str, *, stderr: bool = False) -> None:
    """Print one plain message; nothing in it is read as markup, and control characters are escaped."""
    console(stderr=stderr).print(Text(for_terminal(message)))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Table:
    """Return a table whose first column is text and whose others are aligned to the right."""
    made = Table(title=escape(for_terminal(title)), title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        made.add_column(escape(for_terminal(column, most=_LONGEST_CELL)), justify="left" if index == 0 else "right")
    for row in rows:
        made.add_row(*(Text(for_terminal(cell, most=_LONGEST_CELL)) if isinstance(cell, str) else cell for cell in row))
    return made


class _Rate(ProgressColumn):
    """Steps a second over the run so far, and what is left at that rate."""

    def render(self, task: Any) -> Text:
        speed = task.speed or task.fields["overall"]
        if not speed:
            return Text("-- steps/s")
        return Text(f"{_rate(speed)} steps/s, {_duration((task.total - task.completed) / speed)} left")


class RunProgress:
    """Shows a run: a live bar on a terminal, plain lines in a pipe."""

    def __init__(self) -> None:
        self._console = console()
        self._live = self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.fields[phase]}", table_column=_fixed()),
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}", table_column=_fixed()),
            _Rate(table_column=_fixed()),
            TextColumn("{task.fields[waiting]}", table_column=_fixed()),
            TextColumn("{task.fields[losses]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console,
        )
        self._task = TaskID(0)
        self._first = self._done = self._last_done = self._total = 0
        self._began = self._last_line = time.monotonic()
        self._waiting = 0.0

    def begin(self, *, first: int, total: int) -> None:
        """Start showing steps `first` ... `total`."""
        self._first = self._done = self._last_done = first
        self._total = total
        self._began = self._last_line = time.monotonic()
        if first and first < total:
            self.note(f"continuing after step {first} of {total}")
        if self._live and first < total:
            self._task = self._bar.add_task(
                "run", total=total, completed=first, phase="", waiting="", losses="", overall=None
            )
            self._bar.start()

    def step(self, number: int, phase: str, waiting: float) -> None:
        """Show that `number` steps are done."""
        self._done, self._waiting = number, waiting
        if self._live:
            overall = (number - self._first) / max(time.monotonic() - self._began, 1e-9)
            self._bar.update(
                self._task,
                completed=number,
                phase=for_terminal(phase, most=40),
                overall=overall,
                waiting=f"{waiting:.0%} waiting",
            )

    def losses(self, record: Mapping[str, Any]) -> None:
        """Show one journal line; in a pipe at most one every few seconds, and the last."""
        shown = _losses(record)
        if self._live:
            self._bar.update(self._task, losses=for_terminal(shown))
            return
        now = time.monotonic()
        if self._done == self._total or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            speed = (self._done - self._last_done) / max(now - self._last_line, 1e-9)
            self._last_line, self._last_done = now, self._done
            left = _duration((self._total - self._done) / speed) if speed else "--"
            self.note(
                f"{record['phase']} {self._done}/{self._total}, {_rate(speed)} steps/s, {left} left, "
                f"{self._waiting:.0%} waiting for data, {shown}"
            )

    def note(self, message: str) -> None:
        """Show one line of text."""
        self._console.print(Text(for_terminal(message)))

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._live:
            self._bar.stop()


def _fixed() -> Column:
    """Return a column that is never broken into lines."""
    return Column(no_wrap=True)


def _losses(record: Mapping[str, Any]) -> str:
    values = [(key, value) for key, value in record.items() if "/" in key and not key.endswith("/total")]
    return " ".join(f"{key.partition('/')[0][0].upper()} {key.partition('/')[2]} {value:.4g}" for key, value in values)


def _rate(speed: float) -> str:
    return f"{speed:.1f}" if speed >= 1 else f"{speed:.2f}"


def _duration(seconds: float) -> str:
    if seconds > _YEAR:
        return "> 1 year"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
