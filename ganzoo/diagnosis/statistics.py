"""Statistics of a batch of real and generated samples, cheap enough to be made while a run trains.

Samples are the rows of matrices (`as_rows`). All are free of units, so that images, points and tables need no settings.
"""

from __future__ import annotations

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
_DIRECTIONS = 3


def separation(real: Array, fake: Array) -> float:
    """Return the probability that the logit of a real sample is above that of a fake one: 0.5 is a draw, 1 a win.

    Unlike a share of right answers it has no threshold, so losses with unbounded logits are judged alike.
    """
    ranks = np.argsort(np.argsort(np.concatenate([real, fake]), kind="stable"), kind="stable")
    ties = np.unique(np.concatenate([real, fake])).size < real.size + fake.size
    if ties:
        return float(np.mean((real[:, None] > fake) + 0.5 * (real[:, None] == fake)))
    above = ranks[: real.size].sum() - real.size * (real.size - 1) / 2
    return float(above / (real.size * fake.size))


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


def copied_share(fake: Array, examples: Array, known: float) -> float:
    """Return which share of the fakes are copies of examples, if `examples` are the part `known` of all of them.

    A copy is nearer to an example than a third of the median distance of an example to its nearest other one. What
    examples are so near to each other is deducted.
    """
    nearest = nearest_other(examples)
    limit = _NEAR * float(np.median(nearest))
    natural = float((nearest < limit).mean())
    found = float((distances(fake, examples).min(1) < limit).mean())
    return max(0.0, found - natural) / max(known, 1e-12)


def nearest_other(rows: Array) -> Array:
    """Return the distance of each row to the nearest other one."""
    apart = distances(rows, rows)
    np.fill_diagonal(apart, np.inf)
    found: Array = apart.min(1)
    return found


def neighbours_agree(rows: Array, labels: Array, examples: Array, classes: Array) -> float:
    """Return for which share of the rows the nearest example is of the row's class."""
    return float((classes[distances(rows, examples).argmin(1)] == labels).mean())


def examples_agree(examples: Array, classes: Array) -> float:
    """Return for which share of the examples the nearest other one is of their class."""
    apart = distances(examples, examples)
    np.fill_diagonal(apart, np.inf)
    return float((classes[apart.argmin(1)] == classes).mean())


def _mean_of_pairs(apart: Array) -> float:
    count = len(apart)
    return float(apart.sum() / (count * (count - 1)))


def _relative(nearest: Array, among_real: Array) -> float:
    """Return the mean of distances to a nearest row: 0 like those among reals, 1 like those between any two reals."""
    others = among_real + np.diag(np.full(len(among_real), np.inf))
    natural, usual = float(others.min(1).mean()), _mean_of_pairs(among_real)
    return (float(nearest.mean()) - natural) / max(usual - natural, 1e-12)


def _directions(size: int) -> Array:
    """Return fixed directions: the same for every run and step."""
    found: Array = np.random.Generator(np.random.PCG64(size)).choice([-1.0, 1.0], (size, _DIRECTIONS))
    return found
