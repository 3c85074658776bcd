"""A discriminator of several periods, each with a map of logits and a list of features (HiFi-GAN, Kong 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras
from points import ARCHITECTURES, LOGITS, Rows, spec

from ganzoo import Architecture, Comparison, Dataset, Field, LossTargets, Regularizer, Task, hookimpl, sampling

GANZOO_API = "1"
LENGTH = 12


@dataclass(frozen=True, kw_only=True)
class Waves(Dataset):
    """Short sine waves of different pitch."""

    count: int = 32

    def open(self):
        import numpy as np

        pitch = 1 + np.arange(self.count)[:, None] / 10
        waves = np.sin(pitch * np.arange(LENGTH)).astype(np.float32)
        return Rows({"wave": waves}, {"wave": Field(shape=(LENGTH,))})


@dataclass(frozen=True, kw_only=True)
class Periods(Architecture):
    """One small network for each period: the wave is folded into rows of that length."""

    role: ClassVar[str] = "discriminator"
    periods: tuple[int, ...] = (2, 3)

    def build(self, signature):
        wave = keras.Input((LENGTH,))
        logits, features = [], []
        for period in self.periods:
            folded = keras.layers.Reshape((LENGTH // period, period, 1))(wave)
            first = keras.layers.Conv2D(4, (3, 1), padding="same", activation="leaky_relu")(folded)
            second = keras.layers.Conv2D(4, (3, 1), padding="same", activation="leaky_relu")(first)
            logits.append(keras.layers.Conv2D(1, (3, 1), padding="same")(second))
            features.append([first, second])
        return keras.Model(wave, {"logits": logits, "features": features})


class FeatureMatching(Regularizer):
    """The mean absolute difference of all features, summed over layers and periods."""

    def discriminator_signature(self, signature):
        return signature.with_outputs(features=Field(shape=(...,)))

    def generator_penalty(self, fakes, judged, *, step, rng):
        [verdict] = judged.values()
        pairs = zip(
            keras.tree.flatten(verdict.real["features"]), keras.tree.flatten(verdict.fake["features"]), strict=True
        )
        return sum((real - fake).abs().mean() for real, fake in pairs)


@dataclass(frozen=True, kw_only=True)
class Vocoder(Task):
    """Makes waves from noise."""

    exposes = LossTargets(comparisons=("wave",))

    def networks(self, fields, fitted):
        wave = {"wave": fields["wave"]}
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, wave),
            spec("discriminator", "discriminator", wave, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        return {"wave": sampling.to_network(example["wave"])}

    def generate(self, view):
        return {"wave": view.networks["generator"](view.rng.normal((view.count, 3)))}

    def compare(self, view):
        judge = view.networks["discriminator"]
        return {"wave": Comparison(judge, view.batch["wave"], view.fakes["wave"], one_batch=True)}


@hookimpl
def ganzoo_register_architectures():
    return {**ARCHITECTURES, "periods": Periods}


@hookimpl
def ganzoo_register_datasets():
    return {"waves": Waves}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Vocoder}


@hookimpl
def ganzoo_register_regularizers():
    return {"feature_matching": FeatureMatching}
