"""Unpaired translation of images from two folders: generators and discriminators for each, cycles, a replay buffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import keras
import torch
from points import ARCHITECTURES, spec

from ganzoo import (
    LOGITS,
    Comparison,
    Field,
    LossTargets,
    Regularizer,
    SamplingOptions,
    Task,
    hookimpl,
    images,
    sampling,
)

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Direction(SamplingOptions):
    """Which way to translate."""

    to: Literal["photos", "paintings"] = "paintings"


SIDES = {"photos": "paintings", "paintings": "photos"}


@dataclass(frozen=True, kw_only=True)
class Translation(Task):
    """Turns photos into paintings, and back; learns from two streams without pairs."""

    streams = ("photos", "paintings")
    sampling = Direction
    exposes = LossTargets(
        comparisons=tuple(SIDES), pairs=(*(f"cycle_{side}" for side in SIDES), *(f"identity_{side}" for side in SIDES))
    )

    def networks(self, fields, fitted):
        image = Field(shape=(8, 8, 3), low=-1, high=1)
        makers = (spec(f"to_{side}", "generator", {"image": image}, {"image": image}) for side in SIDES)
        judges = (spec(f"judge_{side}", "discriminator", {"image": image}, {"logits": LOGITS}) for side in SIDES)
        return (*makers, *judges)

    def prepare(self, example, context):
        return {"image": images.to_float(images.resize_bicubic(example["image"], (8, 8)))}

    def generate(self, view):
        return {side: view.networks[f"to_{side}"](view.batch[f"{other}/image"]) for side, other in SIDES.items()}

    def compare(self, view):
        return {
            side: Comparison(view.networks[f"judge_{side}"], view.batch[f"{side}/image"], view.fakes[side])
            for side in SIDES
        }

    def pair(self, name, view):
        kind, _, side = name.partition("_")
        real = view.batch[f"{side}/image"]
        given = view.fakes[SIDES[side]] if kind == "cycle" else real
        return view.networks[f"to_{side}"](given), real

    def sample(self, trained, request):
        maker = trained.networks[f"to_{request.options.to}"]
        written = []
        for path in request.inputs:
            image = images.resize_bicubic(images.read_image(path), (8, 8))
            target = request.output / f"{path.stem}.png"
            images.write_image(target, sampling.apply_in_tiles(maker, image, tile=16, overlap=0))
            written.append(target)
        return written


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
def ganzoo_register_tasks():
    return {"toy": Translation}


@hookimpl
def ganzoo_register_regularizers():
    return {"replay_buffer": ReplayBuffer}
