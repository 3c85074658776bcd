"""A controller of turns: the discriminator rests while it is too sure of itself."""

from __future__ import annotations

from conditional import Conditional
from points import ARCHITECTURES, Blobs

from ganzoo import HostValue, Regularizer, hookimpl

GANZOO_API = "1"


class RestWhileWinning(Regularizer):
    """Skips the discriminator's update where its accuracy, two updates of the generator ago, was above `above`."""

    def __init__(self, *, above: float = 0.8):
        self.above = above

    def build(self, players, comparisons):
        self.accuracy = HostValue(0.0)

    def state(self):
        return self.accuracy.state()

    def plays(self, player, *, step):
        return player == "generator" or self.accuracy.value <= self.above

    def after_update(self, player, judged, *, step):
        if player.name == "generator":
            real, fake = judged["sample"].real["logits"], judged["sample"].fake["logits"]
            self.accuracy.push(((real > 0).float().mean() + (fake < 0).float().mean()) / 2)

    def report(self):
        return {"accuracy": self.accuracy.value}


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
    return {"rest_while_winning": RestWhileWinning}
