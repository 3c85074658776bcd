"""Rows of a table: numbers are scaled by what was fitted on the data, categories have a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from points import ARCHITECTURES, LOGITS, Rows, spec
from torch.nn.functional import one_hot

from ganzoo import Comparison, Dataset, Field, LossTargets, Task, hookimpl, sampling

GANZOO_API = "1"
COLOURS = ("blue", "green", "red")


@dataclass(frozen=True, kw_only=True)
class People(Dataset):
    """A table of an income and a colour."""

    count: int = 48

    def open(self):
        rng = np.random.default_rng(0)
        colour = (np.arange(self.count) % 3).astype(np.int32)
        income = rng.normal(30_000 + 10_000 * colour, 2_000).astype(np.float32)
        fields = {
            "income": Field(shape=()),
            "colour": Field(shape=(), dtype="int32", low=0, high=2, names=COLOURS),
        }
        return Rows({"income": income, "colour": colour}, fields)


@dataclass(frozen=True, kw_only=True)
class Tabular(Task):
    """Makes rows of a table."""

    exposes = LossTargets(comparisons=("row",))

    def fit(self, sources):
        values = np.array([float(sources["data"][index]["income"]) for index in range(len(sources["data"]))])
        return {
            "mean": values.mean(),
            "deviation": values.std(),
            "names": np.array(sources["data"].fields["colour"].names),
        }

    def networks(self, fields, fitted):
        row = Field(shape=(1 + len(fitted["names"]),))
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"row": row}),
            spec("discriminator", "discriminator", {"row": row}, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        scaled = (example["income"] - context.fitted["mean"]) / context.fitted["deviation"]
        category = np.eye(len(context.fitted["names"]))[example["colour"]]
        return {"row": np.concatenate([[scaled], category]).astype(np.float32)}

    def generate(self, view):
        made = view.networks["generator"](view.rng.normal((view.count, 3)))
        chosen = one_hot(made[:, 1:].argmax(1), made.shape[1] - 1).float()
        straight_through = chosen + made[:, 1:].softmax(1) - made[:, 1:].softmax(1).detach()
        return {"row": torch.cat([made[:, :1], straight_through], dim=1)}

    def compare(self, view):
        return {"row": Comparison(view.networks["discriminator"], view.batch["row"], view.fakes["row"])}

    def table(self, rows, fitted):
        return {
            "income": rows[:, 0] * fitted["deviation"] + fitted["mean"],
            "colour": fitted["names"][rows[:, 1:].argmax(1)],
        }

    def picture(self, trained, inputs, *, rng):
        latents = rng.normal((5, 3))
        rows = sampling.in_chunks(lambda chunk: trained.networks["generator"](chunk), latents)
        return self.table(rows, trained.fitted)

    def draw_samples(self, trained, *, count, rng, options):
        latents = rng.normal((count, 3))
        rows = sampling.in_chunks(lambda chunk: trained.networks["generator"](chunk), latents)
        return self.table(rows, trained.fitted)


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"people": People}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Tabular}
