"""VAE-GAN (Larsen 2016): what the discriminator feels of a reconstruction trains encoder and decoder; its verdict only
the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec

from ganzoo import Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class VaeGan(ToyTask):
    """Encodes points and decodes them."""

    exposes = LossTargets(comparisons=("prior", "decoded"), pairs=("features",), terms={"divergence": ("generator",)})

    def networks(self, fields, fitted):
        moments, latent = Field(shape=(6,)), Field(shape=(3,))
        return (
            spec("encoder", "encoder", {"point": POINT}, {"moments": moments}, player="generator"),
            spec("generator", "generator", {"latent": latent}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS, "features": Field(shape=(8,))}),
        )

    def generate(self, view):
        mean, spread = view.networks["encoder"](view.batch["point"]).chunk(2, dim=1)
        latent = mean + spread.exp() * view.rng.normal(tuple(mean.shape))
        decode = view.networks["generator"]
        return {
            "mean": mean,
            "spread": spread,
            "reconstruction": decode(latent),
            # detached: the adversarial loss must not reach the encoder
            "decoded": decode(latent.detach()),
            "prior": decode(view.rng.normal(tuple(mean.shape))),
        }

    def compare(self, view):
        judge = view.networks["discriminator"]
        return {name: Comparison(judge, view.batch["point"], view.fakes[name]) for name in ("prior", "decoded")}

    def pair(self, name, view):
        judge = view.networks["discriminator"]
        with torch.no_grad():
            target = judge(view.batch["point"])["features"]
        return judge(view.fakes["reconstruction"])["features"], target

    def term(self, name, player, view):
        mean, spread = view.fakes["mean"], view.fakes["spread"]
        return 0.5 * (mean.square() + (2 * spread).exp() - 2 * spread - 1).sum(1).mean()


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": VaeGan}
