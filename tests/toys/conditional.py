"""A class-conditional generator whose discriminator also says which class it sees (AC-GAN), sampled by class name."""

from __future__ import annotations

from dataclasses import dataclass

from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec
from torch.nn.functional import cross_entropy, one_hot

from ganzoo import Comparison, Field, LossTargets, SamplingOptions, hookimpl, sampling

GANZOO_API = "1"

#: How often a discriminator was run since the list was cleared: what is computed twice shows here.
CALLS = []


@dataclass(frozen=True, kw_only=True)
class Class(SamplingOptions):
    """Which class to draw."""

    label: int | str = 0


@dataclass(frozen=True, kw_only=True)
class Conditional(ToyTask):
    """Makes points of a wanted class."""

    kept = ("point", "label")
    sampling = Class
    exposes = LossTargets(comparisons=("sample",), terms={"classification": ("discriminator", "generator")})

    def networks(self, fields, fitted):
        classes = Field(shape=(fields["label"].num_classes,))
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,)), "label": classes}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS, "classes": classes}),
        )

    def generate(self, view):
        return {"point": self.make(view.networks, view.batch["label"], view.rng)}

    def make(self, networks, labels, rng):
        latent = rng.normal((len(labels), 3))
        return networks["generator"]({"latent": latent, "label": one_hot(labels.long(), 3).float()})

    def compare(self, view):
        def judge(points):
            CALLS.append(len(points))
            return view.networks["discriminator"](points)

        return {"sample": Comparison(judge, view.batch["point"], view.fakes["point"])}

    def term(self, name, player, view):
        labels, judged = view.batch["label"].long(), view.judged["sample"]
        on_fake = cross_entropy(judged.fake["classes"], labels)
        return on_fake if player == "generator" else on_fake + cross_entropy(judged.real["classes"], labels)

    def draw_samples(self, trained, *, count, rng, options):
        label = sampling.class_index(trained.fields["label"], options.label)
        labels = rng.integers((count,), label, label + 1)
        return sampling.in_chunks(lambda chunk: self.make(trained.networks, chunk, rng), labels)


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Conditional}
