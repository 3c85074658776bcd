"""Samples that run around the data instead of settling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganzoo.diagnosis.history import History, Series
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.verdict import Verdict

#: The mean of the samples swings by so many standard deviations of the data, or their distance from the data by this
#: part of it, over so many examined steps.
_SWING, _JUMP, _POINTS = 0.6, 0.25, 8
#: Nearer to the data than this, samples are not somewhere else, and the means of small batches differ by chance.
_APART = 0.1
#: So often the direction changes at least.
_TURNS = 3


def oscillation(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by where the mean of the samples is, along fixed directions, and by their distance from the data."""
    for name in history.names("doctor/distance/"):
        distance = history.series(f"doctor/distance/{name}")
        usual = float(np.median(distance.values[-_POINTS:])) if len(distance) else 0.0
        if usual < _APART:
            continue
        paths = [history.series(f"doctor/shift_{index}/{name}") for index in range(3)]
        found = [_swings_since(path, _SWING) for path in paths] + [_swings_since(distance, _JUMP * usual)]
        since = [step for step in found if step is not None]
        if since:
            yield Verdict(
                kind="oscillation",
                severity="failure",
                since=min(since),
                what="the samples run around the data, or jump to and from them, and do not settle",
                cause="each player undoes what the other learned: rates or momenta are too high, or no penalty damps",
                change=(
                    f"beta_1 = 0.0 in [optimizers.generator] and [optimizers.discriminator]; or lower "
                    f"{plan.rate('generator')} and {plan.rate('discriminator')}"
                    + ("" if plan.has_penalty else '; or add [[regularizers]] name = "r1" (or "gradient_penalty")')
                ),
            )


def _swings_since(path: Series, swing: float) -> int | None:
    """Return the step since which the values swing by this deviation; None when they do not."""
    if len(path) < _POINTS:
        return None
    recent, places = path.values[-_POINTS:], np.arange(_POINTS)
    swings = recent - np.polyval(np.polyfit(places, recent, 1), places)  # a way in one direction is not a swing
    away = np.sign(swings[np.abs(swings) > swing / 2])
    turns = int((away[1:] != away[:-1]).sum())
    return int(path.steps[-_POINTS]) if swings.std() > swing and turns >= _TURNS else None
