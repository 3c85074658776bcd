"""Points without their noise: a comparison and a pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from points import LOGITS, POINT, ToyTask, spec

from ganzoo import Comparison, LossTargets


@dataclass(frozen=True, kw_only=True)
class Denoising(ToyTask):
    """Takes noise away from points."""

    exposes = LossTargets(comparisons=("point",), pairs=("point",))

    def networks(self, fields, fitted):
        return (
            spec("generator", "generator", {"point": POINT}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        noise = context.rng.normal(0, 0.3, 2).astype(np.float32)
        return {"point": example["point"], "noisy": example["point"] + noise}

    def generate(self, view):
        return {"point": view.networks["generator"](view.batch["noisy"])}

    def compare(self, view):
        return {"point": Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["point"])}

    def pair(self, name, view):
        return view.fakes["point"], view.batch["point"]
