"""Output of commands: tables and notes, on a terminal or in a pipe.

Output is best effort. A closed pipe, an ASCII locale or a narrow terminal never stops a run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ganzoo.errors import for_terminal

#: Piped output is never cut to the width of a terminal that is not there.
_PIPED_WIDTH = 200
#: A cell says a name or a line of text.
_LONGEST_CELL = 500


class SafeConsole(Console):
    """A console that goes quiet instead of failing when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        with suppress(OSError, ValueError):
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123

    def print(self, *objects: Any, **options: Any) -> None:
        with suppress(OSError, ValueError):
            super().print(*objects, **options)


def console(*, stderr: bool = False) -> Console:
    """Return a console for standard output (or error) that fits what it is connected to."""
    stream = sys.stderr if stderr else sys.stdout
    with suppress(AttributeError, OSError, ValueError):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    piped = not stream.isatty()
    # colours can be forced into a pipe; a line that moves has no place there
    interactive = False if piped else None
    width = _PIPED_WIDTH if piped else None
    return SafeConsole(file=stream, width=width, highlight=False, soft_wrap=piped, force_interactive=interactive)


def say(message: str, *, stderr: bool = False) -> None:
    """Print one plain message; nothing in it is read as markup, and control characters are escaped."""
    console(stderr=stderr).print(Text(for_terminal(message)))


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    *,
    others: Literal["left", "right"] = "right",
) -> Table:
    """Return a table whose first column is text; the others are aligned as `others`: numbers to the right."""
    made = Table(title=escape(for_terminal(title)), title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        made.add_column(escape(for_terminal(column, most=_LONGEST_CELL)), justify="left" if index == 0 else others)
    for row in rows:
        made.add_row(*(Text(for_terminal(cell, most=_LONGEST_CELL)) if isinstance(cell, str) else cell for cell in row))
    return made
