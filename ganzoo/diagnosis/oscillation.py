"""Samples that run around the data instead of settling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.verdict import Verdict

#: The mean of the samples swings by so many standard deviations of the data, over so many examined steps.
_SWING, _POINTS = 0.6, 8
#: So often it changes its direction at least.
_TURNS = 3


def oscillation(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by where the mean of the samples is, along fixed directions."""
    names = {name for index in range(3) for name in history.names(f"doctor/shift_{index}/")}
    for name in sorted(names):
        paths = [history.series(f"doctor/shift_{index}/{name}") for index in range(3)]
        since = [step for path in paths if (step := _swings_since(path.steps, path.values)) is not None]
        if since:
            yield Verdict(
                kind="oscillation",
                severity="failure",
                since=min(since),
                what="the samples run around the data: their mean swings back and forth and does not settle",
                cause="each player undoes what the other learned: rates or momenta are too high, or no penalty damps",
                change=(
                    f"beta_1 = 0.0 in [optimizers.generator] and [optimizers.discriminator]; or lower "
                    f"{plan.rate('generator')} and {plan.rate('discriminator')}"
                    + ("" if plan.has_penalty else '; or add [[regularizers]] name = "r1" (or "gradient_penalty")')
                ),
            )


def _swings_since(steps: np.ndarray, values: np.ndarray) -> int | None:
    """Return the step since which the values swing; None when they do not."""
    if len(values) < _POINTS:
        return None
    recent = values[-_POINTS:]
    places = np.arange(_POINTS)
    swings = recent - np.polyval(np.polyfit(places, recent, 1), places)  # a way in one direction is no swing
    away = np.sign(swings[np.abs(swings) > _SWING / 2])
    turns = int((away[1:] != away[:-1]).sum())
    return int(steps[-_POINTS]) if swings.std() > _SWING and turns >= _TURNS else None
