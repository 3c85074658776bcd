"""A projection discriminator (Miyato 2018): fakes carry labels of their own, so each side has its own judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec
from torch.nn.functional import one_hot

from ganzoo import Architecture, Comparison, Field, LossTargets, discriminator_model, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Projection(Architecture):
    """One hidden layer; the logit is a linear head plus the product of features and the label's embedding."""

    role: ClassVar[str] = "discriminator"

    def build(self, signature):
        import keras

        inputs = {name: keras.Input(field.sides, name=name) for name, field in signature.inputs.items()}
        features = keras.layers.Dense(8, activation="tanh")(inputs["point"])
        embedded = keras.layers.Dense(8, use_bias=False)(inputs["label"])
        product = keras.layers.Dot(axes=1)([features, embedded])
        return discriminator_model(inputs, features, signature, add_to_logits=product)


@dataclass(frozen=True, kw_only=True)
class Projected(ToyTask):
    """Makes points of random classes."""

    kept = ("point", "label")
    exposes = LossTargets(comparisons=("sample",))

    def networks(self, fields, fitted):
        classes = Field(shape=(fields["label"].num_classes,))
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,)), "label": classes}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT, "label": classes}, {"logits": LOGITS}),
        )

    def generate(self, view):
        label = one_hot(view.rng.integers((view.count,), 0, 3), 3).float()
        inputs = {"latent": view.rng.normal((view.count, 3)), "label": label}
        return {"point": view.networks["generator"](inputs), "label": label}

    def compare(self, view):
        def judge(label):
            return lambda points: view.networks["discriminator"]({"point": points, "label": label})

        real = judge(one_hot(view.batch["label"].long(), 3).float())
        fake = judge(view.fakes["label"])
        return {"sample": Comparison(real, view.batch["point"], view.fakes["point"], fake_judge=fake)}


@hookimpl
def ganzoo_register_architectures():
    return {**ARCHITECTURES, "projection": Projection}


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Projected}
