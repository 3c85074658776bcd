"""A small game of points for the one model: a task, losses, and a compiled model of them."""

from __future__ import annotations

from collections import Counter

import keras
import numpy as np
import torch
from points import LOGITS, POINT, ToyTask, dense_network, spec

from ganzoo import (
    AdversarialLoss,
    AdversarialModel,
    Comparison,
    Field,
    LossTargets,
    PairLoss,
    Regularizer,
    WiredLoss,
)
from ganzoo.execution.seeding import seed_everything

LATENT = Field(shape=(3,))


class Task(ToyTask):
    exposes = LossTargets(comparisons=("sample",), pairs=("sample",))

    def networks(self, fields, fitted):
        return (
            spec("generator", "generator", {"latent": LATENT}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS}),
        )

    def generate(self, view):
        latent = view.rng.normal((view.count, 3))
        return {"latent": latent, "sample": view.networks["generator"](latent, training=view.training)}

    def compare(self, view):
        return {"sample": Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["sample"])}

    def pair(self, name, view):
        return view.fakes["sample"], view.batch["point"]


class Wasserstein(AdversarialLoss):
    def discriminator_loss(self, real_logits, fake_logits):
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, fake_logits):
        return -fake_logits.mean()


class Distance(PairLoss):
    def __call__(self, output, target):
        return (output - target).square().mean()


BATCH = {"point": torch.linspace(-1, 1, 16).reshape(8, 2)}


def model(*losses, build=dense_network, sgd=0.1, task=None, **options):
    """A compiled toy model; each loss is a component or already wired."""
    task = task or Task()
    specs = task.networks({}, {})
    networks = {}
    for found in specs:
        seed_everything(0, found.name)
        networks[found.name] = build(found.signature)
    made = AdversarialModel(task=task, networks=networks, specs=specs)
    wired = [
        loss if isinstance(loss, WiredLoss) else WiredLoss(key=f"loss{i}", loss=loss) for i, loss in enumerate(losses)
    ]
    options.setdefault("phases", [("train", 100)])
    made.compile(
        losses=wired,
        optimizers={player: keras.optimizers.SGD(sgd) for player in ("generator", "discriminator")},
        **options,
    )
    return made


def weights(made, name):
    return [variable.value.detach().numpy().copy() for variable in made.networks[name].weights]


def moved(made, name, before):
    return any(not np.array_equal(old, new) for old, new in zip(before, weights(made, name), strict=True))


class Recorded(Regularizer):
    """Counts its moments; penalises the size of the logits."""

    def __init__(self):
        self.calls = Counter()

    def discriminator_penalty(self, judged, *, step, rng):
        self.calls[step.number] += 1
        return judged.real["logits"].square().mean()
