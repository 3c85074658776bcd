"""How scores are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganzoo.terminal import console, table

if TYPE_CHECKING:
    from ganzoo.training.evaluation import Scores


def show_scores(scores: Scores, title: str) -> None:
    """Print one row for each method, one column for each score."""
    names = list(dict.fromkeys(name for row in scores.rows.values() for name in row))
    rows = [
        [method, str(scores.examples[method]), *(f"{row[name]:.4f}" if name in row else "" for name in names)]
        for method, row in scores.rows.items()
    ]
    console().print(table(title, ["method", "examples", *names], rows))
