"""A generator that gains a branch in the second phase, faded in; reals are faded in the same way (ProGAN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec

from ganzoo import Architecture, Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"


def fade(step):
    """Return how much of the new branch counts: nothing in the first phase, a ramp over five steps of the second."""
    return 0.0 if step.phase_index == 0 else min(1.0, step.phase_step / 5)


@keras.saving.register_keras_serializable(package="ganzoo_toys")
class GrowingNetwork(keras.Model):
    """Coarse points, and details on top of them as far as `level` says; the level is saved with the weights."""

    def __init__(self, **options):
        super().__init__(**options)
        self.coarse = keras.layers.Dense(2)
        self.detail = keras.layers.Dense(2)
        self.level = self.add_weight(shape=(), initializer="zeros", trainable=False, name="level")

    def build(self, input_shape):
        self.coarse.build(input_shape)
        self.detail.build(input_shape)
        self.built = True

    def call(self, latent):
        return self.coarse(latent) + self.level * self.detail(latent)


@dataclass(frozen=True, kw_only=True)
class Growing(Architecture):
    """A network that grows by phase."""

    role: ClassVar[str] = "generator"

    def build(self, signature):
        network = GrowingNetwork()
        network.build((None, *signature.inputs["latent"].shape))
        return network

    def begin_step(self, network, step):
        network.level.assign(fade(step))


@dataclass(frozen=True, kw_only=True)
class CoarseToFine(ToyTask):
    """Points, rounded to a coarse grid at first."""

    exposes = LossTargets(comparisons=("sample",))

    def networks(self, fields, fitted):
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        fine = example["point"]
        return {"point": (np.rint(fine) + fade(context.step) * (fine - np.rint(fine))).astype(np.float32)}

    def generate(self, view):
        return {"point": view.networks["generator"](view.rng.normal((view.count, 3)))}

    def compare(self, view):
        return {"sample": Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["point"])}


@hookimpl
def ganzoo_register_architectures():
    return {**ARCHITECTURES, "growing": Growing}


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": CoarseToFine}
