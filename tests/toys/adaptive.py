"""An augmentation whose strength follows how sure the discriminator is of its reals (ADA's rule)."""

from __future__ import annotations

import keras
from conditional import Conditional
from points import ARCHITECTURES, Blobs

from ganzoo import Regularizer, hookimpl

GANZOO_API = "1"


class AdaptiveShift(Regularizer):
    """Shifts points with probability p; p rises while E[sign D(real)] is above `target`, and never falls below 0."""

    def __init__(self, *, target: float = 0.6, rate: float = 0.05, every: int = 4):
        self.target, self.rate, self.every = target, rate, every

    def build(self, players, comparisons):
        self.p = keras.Variable(0.2, trainable=False)
        self.signs = keras.Variable(0.0, trainable=False)

    def state(self):
        return {"p": self.p, "signs": self.signs}

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        chosen = (rng.uniform((len(images), 1)) < self.p.value).float()
        return images + chosen * rng.normal(tuple(images.shape), stddev=0.5)

    def after_update(self, player, judged, *, step):
        if player.name == "generator":
            return
        real = judged["sample"].real["logits"]
        self.signs.assign(self.signs.value + real.sign().mean() / self.every)
        if step.number % self.every == self.every - 1:
            self.p.assign((self.p.value + self.rate * (self.signs.value - self.target).sign()).clamp(min=0))
            self.signs.assign(0.0)


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Conditional}


@hookimpl
def ganzoo_register_regularizers():
    return {"adaptive_shift": AdaptiveShift}
