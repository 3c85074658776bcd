"""Checks of degradations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganzoo.testing.demands import demand, explained, left_as_they_are, same

if TYPE_CHECKING:
    from ganzoo.contracts.degradation import Degradation

_SCALES = (2, 3, 4, 8)


def check_degradation(degradation: Degradation) -> None:
    """Check sizes at every scale, that random numbers alone decide, and that the image is left as it is."""
    cls = type(degradation)
    demand(degradation.margin >= 0, cls, "margin must not be negative")
    for scale in _SCALES:
        image = np.random.default_rng(scale).integers(0, 256, (6 * scale, 7 * scale, 3), np.uint8)
        found = []
        for _ in range(2):
            with explained(cls, "reduce()"), left_as_they_are(cls, "reduce()", image):
                found.append(degradation.reduce(image, scale, np.random.default_rng(0)))
        made = found[0]
        demand(made.dtype == np.uint8, cls, f"reduce() must return uint8, not {made.dtype}")
        demand(made.shape == (6, 7, 3), cls, f"reduce() made {made.shape} of {image.shape} at scale {scale}")
        demand(same(*found), cls, "reduce() must give the same for the same random numbers")
    demand(bool(degradation.identity()), cls, "identity() must say what decides how images look")
