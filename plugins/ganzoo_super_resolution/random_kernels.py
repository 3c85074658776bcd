"""The random blur kernels of Real-ESRGAN (Wang 2021, arXiv 2107.10833)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganzoo import Array
from ganzoo_super_resolution.kernels import Spread, gaussian, plateau, sinc

SIZES = tuple(range(7, 22, 2))
#: From this size on a kernel has room for a lower cut-off.
_WIDE = 13


class Kind(NamedTuple):
    """One kind of blur: how likely it is, its function, whether it is equal in all directions, and its betas."""

    probability: float
    function: Callable[[int, Spread, float], Array]
    isotropic: bool
    betas: tuple[float, float]


KINDS = {
    "gaussian": Kind(0.45, gaussian, True, (1, 1)),
    "anisotropic gaussian": Kind(0.25, gaussian, False, (1, 1)),
    "generalized gaussian": Kind(0.12, gaussian, True, (0.5, 4)),
    "anisotropic generalized gaussian": Kind(0.03, gaussian, False, (0.5, 4)),
    "plateau": Kind(0.12, plateau, True, (1, 2)),
    "anisotropic plateau": Kind(0.03, plateau, False, (1, 2)),
}


def random_kernel(rng: np.random.Generator, deviations: tuple[float, float], *, sinc_probability: float) -> Array:
    """Return a kernel of random size, kind and form; its deviations are drawn from a range in pixels."""
    size = int(rng.choice(SIZES))
    if rng.random() < sinc_probability:
        return sinc(size, rng.uniform(np.pi / (3 if size < _WIDE else 5), np.pi))
    kind = KINDS[random_kind(rng)]
    return kind.function(size, random_spread(rng, deviations, isotropic=kind.isotropic), _beta(rng, kind.betas))


def random_sinc(rng: np.random.Generator) -> Array:
    """Return the low-pass filter of the last blur, with a random size and a cut-off between pi / 3 and pi."""
    return sinc(int(rng.choice(SIZES)), rng.uniform(np.pi / 3, np.pi))


def random_kind(rng: np.random.Generator) -> str:
    """Return the name of one of `KINDS`."""
    return str(rng.choice(list(KINDS), p=[kind.probability for kind in KINDS.values()]))


def random_spread(rng: np.random.Generator, deviations: tuple[float, float], *, isotropic: bool) -> Spread:
    """Return deviations from a range, at any angle where the two differ."""
    first = rng.uniform(*deviations)
    return Spread(first, first) if isotropic else Spread(first, rng.uniform(*deviations), rng.uniform(-np.pi, np.pi))


def _beta(rng: np.random.Generator, betas: tuple[float, float]) -> float:
    """Return a form below 1 as often as one above it."""
    low, high = betas
    return float(rng.uniform(low, 1) if rng.random() < 0.5 else rng.uniform(1, high))
