"""Samples that are all alike, or leave out a part of the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganzoo.diagnosis.history import History, Series
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import POINTS, stuck_since
from ganzoo.diagnosis.verdict import Verdict

#: Samples are one when their distances are below this part of the data's, or fall although they are below the other.
_ONE, _NEARLY_ONE, _SHRINKS = 1e-3, 0.05, 0.8
#: A part of the data is left out when reals are so far from the nearest sample (0 as from each other, 1 as any two)
_LEFT_OUT = 0.25
#: while samples are near to the data: no farther from the nearest real than this,
_NEAR = 0.6
#: and than this part of what is left out, or less diverse than this part of the data.
_INSIDE, _NARROW = 0.25, 0.75
#: For so many updates of the generator, where it was so from the start.
_START = 600


def collapse(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the distances among samples and from the data to samples."""
    for name in history.names("doctor/diversity/"):
        series = history.series(f"doctor/diversity/{name}")
        last = _alike(series)
        if last:
            yield _collapse(
                int(series.steps[-last]),
                f"all samples are alike: their distances are {series.smooth[-1]:.1%} of those in the data",
                plan,
            )
            continue
        since = stuck_since(history, f"doctor/missed/{name}", _LEFT_OUT, start=_START)
        missed, strayed = (history.series(f"doctor/{key}/{name}").smooth[-1] for key in ("missed", "strayed"))
        is_inside = strayed < _INSIDE * missed or series.smooth[-1] < _NARROW
        if since is not None and strayed < _NEAR and is_inside:
            yield _collapse(
                since, f"samples leave out a part of the data (missed {missed:.2f}; 0 is nothing, 1 nearly all)", plan
            )


def _alike(series: Series) -> int:
    """Return for how many of the last points samples are alike; 0 where they are not, or may only begin to differ."""
    if (last := series.lasting(series.smooth < _ONE)) >= POINTS:
        return last
    last = series.lasting(series.smooth < _NEARLY_ONE)
    if last < POINTS:
        return 0
    recent, half = series.values[-last:], last // 2
    shrinks = last < len(series) or np.median(recent[-half:]) < _SHRINKS * np.median(recent[:half])
    return last if shrinks else 0


def _collapse(since: int, what: str, plan: Plan) -> Verdict:
    return Verdict(
        kind="mode_collapse",
        severity="failure",
        since=since,
        player="generator",
        what=what,
        cause="the generator found few samples that pass, and nothing punishes that they are few",
        change=(
            f"lower {plan.rate('generator')}; or add [[regularizers]] "
            f'name = "{"packing" if plan.has_penalty else "r1"}" (or "mode_seeking"); or a larger train.batch_size'
        ),
    )
