"""Who is told how far a run is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganzoo.training.evaluation import Scores


class Observer:
    """Watches a run, and does nothing about it; a subclass shows what it overrides."""

    def begin(self, *, first: int, total: int) -> None:
        """Handle the start of training at step `first`."""

    def step(self, number: int, phase: str, waiting: float) -> None:
        """Handle a finished step; `waiting` is the share of time spent waiting for data."""

    def losses(self, record: Mapping[str, Any]) -> None:
        """Handle a line of the journal."""

    def scores(self, number: int, scores: Scores) -> None:
        """Handle the scores of the state after `number` steps, made during training."""

    def verdicts(self, kinds: Sequence[str]) -> None:
        """Handle which verdicts of the doctor stand now."""

    def note(self, message: str) -> None:
        """Handle a message for the user."""
