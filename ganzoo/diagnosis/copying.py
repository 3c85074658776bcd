"""Samples that are examples of the training data."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import POINTS
from ganzoo.diagnosis.verdict import Verdict

#: From this share of copies on, over the last examined steps.
_MANY = 0.3


def copying(history: History, _plan: Plan) -> Iterator[Verdict]:
    """Judge by how many samples are as near to an example as no two examples are."""
    for name in history.names("doctor/copied/"):
        series = history.series(f"doctor/copied/{name}")
        share = float(series.values[-POINTS:].mean()) if len(series) >= POINTS else 0.0
        if share < _MANY:
            continue
        last = max(POINTS, series.lasting(series.smooth > _MANY / 2))
        yield Verdict(
            kind="memorisation",
            severity="failure",
            since=int(series.steps[-last]),
            player="generator",
            what=f"about {min(1.0, share):.0%} of the samples are copies of training data",
            cause="too few training data for these networks and this many steps",
            change=(
                "more data in [data]; or fewer steps in [[phases]], a smaller [generator] and [discriminator], or "
                '[[regularizers]] name = "diff_augment" (or "ada")'
            ),
        )
