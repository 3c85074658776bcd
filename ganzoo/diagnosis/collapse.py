"""Samples that are all alike, or leave out a part of the data."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import POINTS, stuck_since
from ganzoo.diagnosis.verdict import Verdict

#: Samples are one when their distances are below this part of the data's.
_ONE = 0.05
#: A part of the data is left out when reals are so far from the nearest sample (0 as from each other, 1 as any two),
#: while samples are no farther from the nearest real than this part of it.
_LEFT_OUT, _INSIDE = 0.25, 0.4


def collapse(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the distances among samples and from the data to samples."""
    for name in history.names("doctor/diversity/"):
        series = history.series(f"doctor/diversity/{name}")
        last = series.lasting(series.smooth < _ONE)
        if last >= POINTS:
            yield _collapse(
                int(series.steps[-last]),
                f"all samples are alike: their distances are {series.smooth[-1]:.1%} of those in the data",
                plan,
            )
            continue
        since = stuck_since(history, f"doctor/missed/{name}", _LEFT_OUT)
        missed, strayed = (history.series(f"doctor/{key}/{name}").smooth[-1] for key in ("missed", "strayed"))
        if since is not None and strayed < _INSIDE * missed:
            yield _collapse(
                since, f"samples leave out a part of the data (missed {missed:.2f}; 0 is nothing, 1 nearly all)", plan
            )


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
