"""Examples that carry their number. Worker processes import this module by name, as they could not a test's."""

from __future__ import annotations

import numpy as np
from points import ToyTask

from ganzoo import DataError


class Numbered(ToyTask):
    """Hands out the example's number, a random draw and the phase; number 13 does not fit."""

    exposes = None

    def networks(self, fields, fitted): ...

    def generate(self, view): ...

    def prepare(self, example, context):
        if example["number"] == 13:
            raise DataError("does not fit")
        return {
            "number": example["number"],
            "draw": np.float32(context.rng.random()),
            "phase": np.int32(context.step.phase_index),
        }
