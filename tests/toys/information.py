"""A latent code that the points must tell about (InfoGAN): a second network on the generator's side reads it back."""

from __future__ import annotations

from dataclasses import dataclass

from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec
from torch.nn.functional import cross_entropy, one_hot

from ganzoo import Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Information(ToyTask):
    """Points with a categorical code of `codes` values."""

    codes: int = 3

    exposes = LossTargets(comparisons=("sample",), terms={"mutual_information": ("generator",)})

    def networks(self, fields, fitted):
        code = Field(shape=(self.codes,))
        return (
            spec("generator", "generator", {"latent": Field(shape=(2,)), "code": code}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS}),
            spec("reader", "encoder", {"point": POINT}, {"code": code}, player="generator"),
        )

    def generate(self, view):
        size = view.count
        code = view.rng.integers((size,), 0, self.codes)
        inputs = {"latent": view.rng.normal((size, 2)), "code": one_hot(code, self.codes).float()}
        return {"point": view.networks["generator"](inputs), "code": code}

    def compare(self, view):
        return {"sample": Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["point"])}

    def term(self, name, player, view):
        return cross_entropy(view.networks["reader"](view.fakes["point"]), view.fakes["code"])


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Information}
