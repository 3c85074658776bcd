"""The progress of a run: one live line on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.text import Text

from ganzoo.commands._eta import Eta
from ganzoo.commands._scores import scores_text
from ganzoo.commands._terminal import console
from ganzoo.contracts.timeline import Timeline
from ganzoo.errors import for_terminal
from ganzoo.runs.journal import is_loss
from ganzoo.training.observer import Observer

if TYPE_CHECKING:
    from ganzoo.training.evaluation import Scores

_SECONDS_BETWEEN_LINES = 5.0
#: Who waits less for data need not know it.
_WORTH_SAYING = 0.1
_LONGEST_NAME = 40
_SHORTEST_BAR, _LONGEST_BAR = 4, 20
#: Less of the losses than this says nothing.
_LEAST_REST = 10
#: Clears what a terminal that became narrower has made of the line: the end of it, wrapped into the lines below.
_CLEAR_BELOW = Segment("\x1b[J", control=[(ControlType.CLEAR,)])


@dataclass(frozen=True)
class ProgressLine:
    """One line that fits. Steps and `eta` are never cut; the bar shrinks, a long phase is cut, `rest` goes first."""

    phase: str
    done: int
    total: int
    eta: str
    rest: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        figures = f"{self.done:>{len(str(self.total))}}/{self.total} {self.eta}"
        room = width - len(figures) - 2
        phase = Text(self.phase)
        phase.truncate(max(1, min(width // 5, room - _SHORTEST_BAR)), overflow="ellipsis")
        bar = max(_SHORTEST_BAR, min(width // 8, _LONGEST_BAR, room - phase.cell_len))
        full = bar * self.done // max(self.total, 1)
        drawn, blank = ("#", "-") if options.ascii_only else ("━", "─")
        line = Text.assemble(phase, " ", (drawn * full, "green"), (blank * (bar - full), "dim"), f" {figures}")
        left = width - line.cell_len - 2
        if left >= _LEAST_REST:
            rest = Text(self.rest)
            rest.truncate(left, overflow="ellipsis")
            line.append("  ").append_text(rest)
        line.truncate(width, overflow="ellipsis")
        line.end, line.no_wrap = "", True
        yield line


@dataclass(frozen=True)
class _InPlace:
    """Leaves the cursor where the line begins: there it stays when the window changes, and ^C is painted over."""

    line: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _CLEAR_BELOW
        yield self.line
        yield Control(ControlType.CARRIAGE_RETURN)


class RunProgress(Observer):
    """Shows what a run does until its first step, and then how far it is."""

    def __init__(self, timeline: Timeline, earlier: Mapping[str, float]) -> None:
        self._console = console()
        self._eta = Eta(timeline, earlier)
        self._timeline = timeline
        self._done = self._total = 0
        self._stage = self._phase = self._waiting = self._losses = self._verdicts = ""
        self._last_line: float | None = None
        self._live = Live(console=self._console, get_renderable=self._line, refresh_per_second=10, transient=True)

    def stage(self, name: str) -> None:
        """Show what is done before the first step."""
        self._stage = name
        if self._console.is_interactive:
            self._live.start()
            self._live.refresh()
        else:
            self.note(name)

    def begin(self, *, first: int, total: int) -> None:
        """Start showing steps `first` ... `total`."""
        self._done, self._total = first, total
        if first == total:
            self.stage("writing networks and scores")
            return
        self._phase, self._stage = self._timeline.at(first).phase, ""
        self._eta.begin()
        if first:
            self.note(f"resuming after step {first} of {total}")

    def step(self, number: int, phase: str, waiting: float) -> None:
        """Show that `number` steps are done."""
        self._eta.step(number)
        self._done, self._phase = number, phase
        self._waiting = f"{waiting:.0%} waiting for data" if waiting >= _WORTH_SAYING else ""
        self._live.transient = False  # what was trained stays on the screen

    def losses(self, record: Mapping[str, Any]) -> None:
        """Show one journal line; in a pipe at most one every few seconds, and the first and last."""
        self._losses = _losses(record)
        if self._console.is_interactive:
            return
        now = time.monotonic()
        if self._last_line is None or self._done == self._total or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            phase = for_terminal(self._phase, most=_LONGEST_NAME)
            parts = (
                f"{phase} {self._done}/{self._total}",
                self._eta.text(self._done),
                self._waiting,
                self._verdicts,
                self._losses,
            )
            self.note(", ".join(filter(None, parts)))

    def scores(self, number: int, scores: Scores) -> None:
        """Show the scores of the state after `number` steps."""
        self.note(scores_text(number, scores))

    def verdicts(self, kinds: Sequence[str]) -> None:
        """Show in the line what is wrong now."""
        self._verdicts = " ".join(kinds)

    def note(self, message: str) -> None:
        """Show one line of text."""
        self._console.print(Text(for_terminal(message)))

    def close(self) -> None:
        """Leave the terminal in order."""
        self._live.stop()

    def _line(self) -> RenderableType:
        if self._stage:
            return _InPlace(Text(f"{self._stage} ...", no_wrap=True, overflow="ellipsis", end=""))
        said = filter(None, (self._waiting, self._verdicts, for_terminal(self._losses)))
        phase, rest = for_terminal(self._phase), "  ".join(said)
        return _InPlace(ProgressLine(phase, self._done, self._total, self._eta.text(self._done), rest))


def _losses(record: Mapping[str, Any]) -> str:
    values = [(key, value) for key, value in record.items() if is_loss(key)]
    return " ".join(f"{key.partition('/')[0][0].upper()} {key.partition('/')[2]} {value:.4g}" for key, value in values)
