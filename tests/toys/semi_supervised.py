"""K + 1 classes with feature matching (Salimans 2016): the fake class is the implicit zero logit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from points import ARCHITECTURES, POINT, Blobs, ToyTask, spec
from torch.nn.functional import softplus

from ganzoo import Comparison, Field, LossTargets, Metric, Result, hookimpl, sampling

GANZOO_API = "1"
HIDDEN = -1


@dataclass(frozen=True, kw_only=True)
class SemiSupervised(ToyTask):
    """Classifies points of which a quarter is labelled; D = Z / (Z + 1) with Z the sum of exp of the class logits."""

    exposes = LossTargets(
        comparisons=("sample",),
        terms={"labelled": ("discriminator",), "unlabelled": ("discriminator",), "feature_matching": ("generator",)},
    )

    def networks(self, fields, fitted):
        classes = Field(shape=(fields["label"].num_classes,))
        heads = {"classes": classes, "features": Field(shape=(8,))}
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"point": POINT}, product=False),
            spec("classifier", "discriminator", {"point": POINT}, heads, player="discriminator", product=True),
        )

    def prepare(self, example, context):
        shown = example["label"] if example["point"][0] > 0 else HIDDEN
        return {"point": example["point"], "label": np.int32(shown)}

    def generate(self, view):
        return {"point": view.networks["generator"](view.rng.normal((view.count, 3)))}

    def compare(self, view):
        def judge(points):
            outputs = view.networks["classifier"](points)
            return {**outputs, "logits": torch.logsumexp(outputs["classes"], dim=1, keepdim=True)}

        return {"sample": Comparison(judge, view.batch["point"], view.fakes["point"])}

    def term(self, name, player, view):
        real, fake = view.judged["sample"].real, view.judged["sample"].fake
        if name == "feature_matching":
            return (real["features"].mean(0) - fake["features"].mean(0)).abs().mean()
        if name == "unlabelled":
            return 0.5 * (softplus(real["logits"]) - real["logits"]).mean() + 0.5 * softplus(fake["logits"]).mean()
        known = view.batch["label"] != HIDDEN
        chosen = real["classes"].gather(1, view.batch["label"].long().clamp(min=0)[:, None])
        return ((real["logits"] - chosen)[:, 0] * known).sum() / known.sum().clamp(min=1)

    def evaluate(self, trained, sources, *, rng):
        rows = sampling.stack_examples(sources["data"], range(len(sources["data"])), ["point", "label"])
        points = sampling.to_tensors({"point": rows["point"]})["point"]
        scores = sampling.in_chunks(lambda chunk: trained.networks["classifier"](chunk)["classes"], points)
        yield Result(method="classifier", output={"label": scores.argmax(1)}, target=rows, examples=len(scores))


class Accuracy(Metric):
    """The share of labels that are right."""

    def __init__(self):
        self.right = []

    def update(self, output, target):
        self.right.append(output["label"] == target["label"])

    def result(self):
        return {"accuracy": float(np.concatenate(self.right).mean())}


@hookimpl
def ganzoo_register_metrics():
    return {"accuracy": Accuracy}


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": SemiSupervised}
