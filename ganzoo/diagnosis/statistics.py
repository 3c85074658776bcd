"""Statistics of a batch of real and generated samples, cheap enough to be made while a run trains.

Samples are the rows of matrices (`as_rows`). All are free of units, so that images, points and tables need no settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: Of larger batches only so many samples are looked at, and so many values of each at most.
MOST_ROWS, MOST_VALUES = 128, 256
#: Fewer samples than this say nothing.
FEWEST_ROWS = 16
#: A copy is nearer to an example than this part of the usual distance between examples.
_NEAR = 1 / 3
#: Copies are not told from chance where less than this part of all examples is known, or more than that part of the
#: known ones lie as near to each other.
_KNOWN, _NATURAL = 0.025, 0.1
_DIRECTIONS = 3


def separation(real: Array, fake: Array) -> float:
    """Return the probability that the logit of a real sample is above that of a fake one: 0.5 is a draw, 1 a win.

    Unlike a share of right answers it has no threshold, so losses with unbounded logits are judged alike.
    """
    ordered = np.sort(fake)
    below = np.searchsorted(ordered, real, "left") + np.searchsorted(ordered, real, "right")
    return float(below.mean() / (2 * fake.size))


def distances(left: Array, right: Array) -> Array:
    """Return the euclidean distance between each row of both matrices."""
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    found: Array = np.sqrt(np.maximum(squares, 0))
    return found


def sample_statistics(real: Array, fake: Array) -> dict[str, float]:
    """Return how the fakes of a batch differ from its reals.

    `distance`: the energy coefficient of inhomogeneity (Rizzo and Szekely 2016), 0 for one distribution and 1 for two
    points apart. `diversity`: the mean distance between two fakes, by that between two reals. `missed`: how far reals
    are from the nearest fake; 0 is as near as from the nearest other real, 1 as far as from any other real. `strayed`:
    how far fakes are from the nearest real, by the same measure. `shift_N`: the difference of the means along fixed
    directions, in standard deviations of the reals.
    """
    among_real, among_fake, between = distances(real, real), distances(fake, fake), distances(real, fake)
    inside_real, inside_fake = _mean_of_pairs(among_real), _mean_of_pairs(among_fake)
    apart = 2 * float(between.mean())
    found = {
        "distance": (apart - inside_real - inside_fake) / apart if apart > 0 else 0.0,
        "diversity": inside_fake / inside_real if inside_real > 0 else 1.0,
        "missed": _relative(between.min(1), among_real),
        "strayed": _relative(between.min(0), among_real),
    }
    along = _directions(real.shape[1])
    left, right = real @ along, fake @ along
    shifts = (right.mean(0) - left.mean(0)) / np.maximum(left.std(0), 1e-12)
    return {**found, **{f"shift_{index}": float(shift) for index, shift in enumerate(shifts)}}


@dataclass(frozen=True)
class Examples:
    """Examples to compare fakes with, the part `share` of all, and what is known of them without any fake.

    `limit` is a third of the median distance of an example to its nearest other one, and `natural` how many are that
    near to each other all the same. `agree` is for how many, by label, the nearest other example has the same one.
    """

    rows: Array
    labels: Mapping[str, Array]
    share: float
    limit: float
    natural: float
    agree: Mapping[str, float]

    @classmethod
    def of(cls, rows: Array, labels: Mapping[str, Array], share: float) -> Examples:
        """Return the examples with their statistics."""
        apart = distances(rows, rows)
        np.fill_diagonal(apart, np.inf)
        nearest, places = apart.min(1), apart.argmin(1)
        limit = _NEAR * float(np.median(nearest))
        agree = {name: float((values[places] == values).mean()) for name, values in labels.items()}
        return cls(rows, labels, share, limit, float((nearest < limit).mean()), agree)

    @property
    def tells_copies(self) -> bool:
        """Whether copies stand out: enough of all examples are here, and few are as near to each other as copies."""
        return self.share >= _KNOWN and self.natural <= _NATURAL * self.share

    def compare(self, fakes: Array, labels: Mapping[str, Array]) -> dict[str, float]:
        """Return which share of the fakes are `copied`, if all examples were known; nothing where that cannot be told.

        Also `fake_agrees/LABEL`: for how many the nearest example has the label that was asked for, beside
        `real_agrees/LABEL`, the same among examples, and `classes/LABEL`, the number of classes.
        """
        apart = distances(fakes, self.rows)
        places = apart.argmin(1)
        statistics = {}
        if self.tells_copies:
            found = float((apart.min(1) < self.limit).mean())
            statistics["copied"] = max(0.0, found - self.natural) / self.share
        for name, asked in labels.items():
            if name in self.labels:
                statistics[f"fake_agrees/{name}"] = float((self.labels[name][places] == asked).mean())
                statistics[f"real_agrees/{name}"] = self.agree[name]
                statistics[f"classes/{name}"] = len(np.unique(self.labels[name]))
        return statistics


def _mean_of_pairs(apart: Array) -> float:
    count = len(apart)
    return float(apart.sum() / (count * (count - 1)))


def _relative(nearest: Array, among_real: Array) -> float:
    """Return the mean of distances to a nearest row: 0 like those among reals, 1 like those between any two reals."""
    others = among_real + np.diag(np.full(len(among_real), np.inf))
    natural, usual = float(others.min(1).mean()), _mean_of_pairs(among_real)
    return (float(nearest.mean()) - natural) / max(usual - natural, 1e-12)


@cache
def _directions(size: int) -> Array:
    """Return fixed directions: the same for every run and step."""
    found: Array = np.random.Generator(np.random.PCG64(size)).choice([-1.0, 1.0], (size, _DIRECTIONS))
    return found
