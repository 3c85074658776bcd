"""Unpaired translation of points: two generators, two discriminators, cycles, and a replay buffer (CycleGAN)."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import torch
from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec

from ganzoo import Comparison, LossTargets, Regularizer, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Translation(ToyTask):
    """Turns points of set a into points of set b, and back."""

    kept = ("point", "other")
    exposes = LossTargets(comparisons=("a", "b"), pairs=("cycle_a", "cycle_b", "identity_a", "identity_b"))

    def networks(self, fields):
        to_point = {"inputs": {"point": POINT}, "outputs": {"point": POINT}}
        to_logits = {"inputs": {"point": POINT}, "outputs": {"logits": LOGITS}}
        return (
            spec("a_to_b", "generator", **to_point),
            spec("b_to_a", "generator", **to_point),
            spec("judge_a", "discriminator", **to_logits),
            spec("judge_b", "discriminator", **to_logits),
        )

    def generate(self, view):
        return {"b": view.networks["a_to_b"](view.batch["point"]), "a": view.networks["b_to_a"](view.batch["other"])}

    def compare(self, view):
        real = {"a": view.batch["point"], "b": view.batch["other"]}
        return {side: Comparison(view.networks[f"judge_{side}"], real[side], view.fakes[side]) for side in real}

    def pair(self, name, view):
        kind, _, side = name.partition("_")
        real = view.batch["point" if side == "a" else "other"]
        there, back = ("a_to_b", "b_to_a") if side == "a" else ("b_to_a", "a_to_b")
        moved = view.fakes["b" if side == "a" else "a"] if kind == "cycle" else real
        assert there in view.networks
        return view.networks[back](moved), real


class ReplayBuffer(Regularizer):
    """Shows the discriminator earlier fakes: 50 are kept; once full, half of the new ones are swapped for old ones."""

    def __init__(self, *, size: int = 50):
        self.size = size
        self._pools = {}
        self._filled = {}

    def build(self, players, comparisons):
        for name, comparison in comparisons.items():
            shape = (self.size, *comparison.fake.shape[1:])
            self._pools[name] = keras.Variable(torch.zeros(shape), trainable=False)
            self._filled[name] = keras.Variable(0, dtype="int32", trainable=False)

    def state(self):
        pools = {f"pool_{name}": pool for name, pool in self._pools.items()}
        return {**pools, **{f"filled_{name}": filled for name, filled in self._filled.items()}}

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        if real or player == "generator":
            return images
        pool, filled = self._pools[comparison].value.data, self._filled[comparison]
        shown = images.detach().clone()
        swaps, places = rng.uniform((len(images),)), rng.integers((len(images),), 0, self.size)
        for row in range(len(images)):
            count = int(filled.value)
            if count < self.size:
                pool[count] = images[row].detach()
                filled.assign(count + 1)
            elif swaps[row] > 0.5:
                shown[row] = pool[places[row]]
                pool[places[row]] = images[row].detach()
        return shown


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Translation}


@hookimpl
def ganzoo_register_regularizers():
    return {"replay_buffer": ReplayBuffer}
