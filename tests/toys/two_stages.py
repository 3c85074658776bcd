"""Two generators in a row (StackGAN): the second learns when the first is done and frozen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec

from ganzoo import Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class TwoStages(ToyTask):
    """Makes points, then better points."""

    exposes = LossTargets(comparisons=("coarse", "fine"))

    def offers(self, step):
        return LossTargets(comparisons=("coarse",) if step.phase_index == 0 else ("fine",))

    def networks(self, fields, fitted):
        return (
            spec("coarse", "generator", {"latent": Field(shape=(3,))}, {"point": POINT}, product=False),
            spec("fine", "generator", {"point": POINT}, {"point": POINT}),
            spec("judge_coarse", "discriminator", {"point": POINT}, {"logits": LOGITS}),
            spec("judge_fine", "discriminator", {"point": POINT}, {"logits": LOGITS}),
        )

    def generate(self, view):
        first = view.step.phase_index == 0
        with torch.set_grad_enabled(first and torch.is_grad_enabled()):
            coarse = view.networks["coarse"](view.rng.normal((view.count, 3)))
        return {"coarse": coarse} if first else {"coarse": coarse, "fine": view.networks["fine"](coarse)}

    def compare(self, view):
        [stage] = self.offers(view.step).comparisons
        return {stage: Comparison(view.networks[f"judge_{stage}"], view.batch["point"], view.fakes[stage])}


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": TwoStages}
