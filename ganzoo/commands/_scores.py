"""How scores are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ganzoo.commands._terminal import console, table

if TYPE_CHECKING:
    from ganzoo.training.evaluation import Scores

_LARGE = 1e5


def show_scores(scores: Scores, title: str) -> None:
    """Print one row for each method, one column for each score; the best of a column is bold."""
    names = list(dict.fromkeys(name for row in scores.rows.values() for name in row))
    rows: list[list[str | Text]] = [
        [method, str(scores.examples[method]), *(_cell(scores, method, name) for name in names)]
        for method, row in scores.rows.items()
    ]
    console().print(table(title, ["method", "examples", *names], rows))


def scores_text(step: int, scores: Scores) -> str:
    """Return the scores of a state on one line, as `step 1000: generator psnr_y 29.31 ssim_y 0.7841; bicubic ...`."""
    rows = [
        " ".join([method, *(f"{name} {_number(scores, method, name)}" for name in row)])
        for method, row in scores.rows.items()
    ]
    return f"step {step}: {'; '.join(rows)}"


def _number(scores: Scores, method: str, name: str) -> str:
    return "failed" if name in scores.failed.get(method, ()) else f"{scores.rows[method][name]:.4g}"


def _cell(scores: Scores, method: str, name: str) -> Text:
    if name in scores.failed.get(method, ()):
        return Text("failed")
    value = scores.rows[method].get(name)
    if value is None:
        return Text("")
    spread = f" ± {_decimals(scores.spread[method][name])}" if scores.spread else ""
    return Text(f"{_decimals(value)}{spread}", style="bold" if value == scores.best(name) else "")


def _decimals(value: float) -> str:
    """Return the value with four decimals; with an exponent where they would hide its size."""
    return f"{value:.4f}" if abs(value) < _LARGE else f"{value:.4e}"
