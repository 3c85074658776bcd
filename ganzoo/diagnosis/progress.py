"""Whether samples come nearer to the data: what tells a failed game from a hard one.

Healthy games look alarming by the numbers of their players alone: a Wasserstein discriminator has logits without bound,
a hinge loss is 0 for what is far enough, a discriminator that wins every time may still teach. So most rules ask
first whether the samples are far from the data, and stay there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganzoo.diagnosis.history import History

#: Samples are far from the data from here on, by `distance` or by `strayed` (see statistics.py).
FAR, _STRAYED = 0.15, 0.8
#: A stay is so many examined steps at least.
POINTS = 6
#: It is so many updates of the generator where samples were near before, or something else is wrong; and so many where
#: they never were: small rates and small initial weights take that long to begin.
UPDATES, FROM_THE_START = 300, 2000
#: In that time a game that goes well comes nearer by this part.
_NEARER = 0.1


@dataclass(frozen=True)
class Stay:
    """Since which step the samples of a comparison are far from the data without coming nearer, and how far."""

    comparison: str
    since: int
    distance: float


def stays(history: History, *, start: int = FROM_THE_START) -> list[Stay]:
    """Return the comparisons whose samples are far from the data and do not come nearer."""
    found = []
    for name in history.names("doctor/distance/"):
        limits = {f"doctor/distance/{name}": FAR, f"doctor/strayed/{name}": _STRAYED}
        steps = (stuck_since(history, key, limit, start=start) for key, limit in limits.items())
        since = [step for step in steps if step is not None]
        if since:
            found.append(Stay(name, min(since), float(history.series(f"doctor/distance/{name}").smooth[-1])))
    return found


def stuck_since(history: History, key: str, limit: float, *, start: int = FROM_THE_START) -> int | None:
    """Return the step since which a number is above a limit without falling, for long enough; None when it is not.

    Long enough is `start` updates where it was above the limit from the first step on.
    """
    series = history.series(key)
    last = series.lasting(series.smooth > limit)
    for first in range(len(series) - last, len(series) - POINTS + 1):
        since, half = int(series.steps[first]), (len(series) - first) // 2
        if history.updates_since(since) < (UPDATES if last < len(series) else start):
            return None
        early, late = np.median(series.values[first : first + half]), np.median(series.values[-half:])
        if late > (1 - _NEARER) * early:
            return since
    return None
