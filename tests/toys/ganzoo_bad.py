"""Components that work until one of their members is told to break its contract, by an option as `compare:none`."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from points import POINT, Blobs, Rows, dense_network, spec

from ganzoo import (
    AdversarialLoss,
    Architecture,
    Comparison,
    Dataset,
    Field,
    LossTargets,
    Metric,
    PairLoss,
    Regularizer,
    Result,
    Task,
    hookimpl,
)

GANZOO_API = "1"
#: From this call on a member breaks that is told to break late.
LATE = 6
LOGITS = Field(shape=(1,))


def _recurse(value):
    return _recurse(value)


def _raise(error):
    raise error


def _first(change):
    """Change the first value of a mapping."""

    def changed(value):
        name = next(iter(value))
        return {**value, name: change(value[name])}

    return changed


def _with_name(name):
    return lambda value: {**value, name: next(iter(value.values()))}


def _replaced(**parts):
    return lambda value: dataclasses.replace(value, **parts)


def _in_worker(value, act):
    if multiprocessing.parent_process() is not None:
        act()
    return value


def _emptied(value):
    value.mul_(0)
    return value


#: What becomes of the value that a member would have returned.
WAYS = {
    "key_error": lambda value: _raise(KeyError("boom")),
    "quiet": lambda value: _raise(ValueError()),
    "lines": lambda value: _raise(RuntimeError("one\ntwo\x1b[2J")),
    "exits": lambda value: sys.exit(0),
    "recursion": _recurse,
    "none": lambda value: None,
    "text": lambda value: "text",
    "number": lambda value: 1.5,
    "empty": lambda value: {},
    "list": lambda value: [value],
    "minus": lambda value: -1,
    "more": lambda value: value + 5,
    "nan": lambda value: value * float("nan"),
    "infinite": lambda value: value * float("inf"),
    "huge": lambda value: value * 1e38 * 1e38,
    "vector": lambda value: value.expand(3),
    "float": float,
    "detached": lambda value: value.detach(),
    "doubled": lambda value: value.double(),
    "narrow": lambda value: value[:, :1],
    "fewer": lambda value: value[:2],
    "unknown": _with_name("unknown"),
    "parent": _with_name("../escaped"),
    "absolute": _with_name("/tmp/ganzoo-escaped"),
    "nul": _with_name("nul\0"),
    "control": _with_name("red\x1b[31m"),
    "first_none": _first(lambda value: None),
    "first_text": _first(lambda value: "text"),
    "first_wide": _first(lambda value: np.concatenate([value, value])),
    "first_float64": _first(lambda value: value.astype(np.float64)),
    "first_object": _first(lambda value: np.array([None], object)),
    "first_narrow": _first(lambda value: value[:, :1]),
    "one_name": lambda value: [dataclasses.replace(each, name="same") for each in value],
    "outside": lambda value: [*value, dataclasses.replace(value[0], name="../escaped")],
    "judge": lambda value: [dataclasses.replace(each, player="judge") for each in value],
    "two_channels": lambda value: value[:, :, :2],
    "floating": lambda value: value.astype(np.float32),
    "flat": lambda value: value[0],
    "other_row": _replaced(method="mine"),
    "parent_name": _replaced(name="../../escaped"),
    "absolute_name": _replaced(name="/tmp/ganzoo-escaped"),
    "nul_name": _replaced(name="nul\0name"),
    "long_name": _replaced(name="n" * 5000),
    "bad_picture": _replaced(picture=np.zeros((4, 4))),
    "no_output": _replaced(output=None),
    "real_wide": lambda value: {"sample": dataclasses.replace(value["sample"], real=value["sample"].real[:, :1])},
    "judge_none": lambda value: {"sample": dataclasses.replace(value["sample"], judge=lambda shown: None)},
    "judge_raises": lambda value: {
        "sample": dataclasses.replace(value["sample"], judge=lambda shown: _raise(KeyError("boom")))
    },
    "judge_no_logits": lambda value: {"sample": dataclasses.replace(value["sample"], judge=lambda shown: {"a": shown})},
    "hang": lambda value: _in_worker(value, lambda: time.sleep(10**6)),
    "kill": lambda value: _in_worker(value, lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "emptied": _emptied,
}


class Faulty:
    """Breaks the member that the option `fault` names, in the way that it names; `late:` before it waits."""

    fault: str
    calls: ClassVar[dict[str, int]] = {}

    def spoiled(self, member, value):
        late = self.fault.startswith("late:")
        where, _, way = self.fault.removeprefix("late:").partition(":")
        if where != member:
            return value
        self.calls[self.fault] = self.calls.get(self.fault, 0) + 1
        return value if late and self.calls[self.fault] < LATE else WAYS[way](value)


class BadRows(Rows, Faulty):
    def __init__(self, fault, columns, fields):
        self.fault = fault
        super().__init__(columns, fields)

    def __len__(self):
        return self.spoiled("len", super().__len__())

    def __getitem__(self, index):
        return self.spoiled("item", super().__getitem__(index))

    def name_of(self, index):
        return self.spoiled("name_of", super().name_of(index))

    def fingerprint(self):
        return self.spoiled("fingerprint", "as ever")


@dataclass(frozen=True, kw_only=True)
class BadData(Dataset, Faulty):
    """Points."""

    fault: str = ""
    count: int = 40

    def open(self):
        rows = Blobs(count=self.count).open()
        columns = {name: rows.columns[name] for name in ("point", "label")}
        fields = {name: rows.fields[name] for name in columns}
        return self.spoiled("open", BadRows(self.fault, columns, self.spoiled("fields", fields)))


@dataclass(frozen=True, kw_only=True)
class BadTask(Task, Faulty):
    """Makes points from latents."""

    fault: str = ""

    @property
    def exposes(self):
        return self.spoiled(
            "exposes",
            LossTargets(comparisons=("sample",), pairs=("sample",), terms={"size": ("generator", "discriminator")}),
        )

    def offers(self, step):
        return self.spoiled("offers", self.exposes)

    def fit(self, sources):
        return self.spoiled("fit", {})

    def rows(self, batch_size):
        return self.spoiled("rows", {"data": batch_size})

    def networks(self, fields, fitted):
        networks = [
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT}, {"logits": LOGITS}),
        ]
        return self.spoiled("networks", networks)

    def prepare(self, example, context):
        return self.spoiled("prepare", {"point": example["point"]})

    def generate(self, view):
        latent = view.rng.normal((len(view.batch["point"]), 3))
        point = self.spoiled("generator", view.networks["generator"](latent, training=view.training))
        return self.spoiled("generate", {"point": point, "latent": latent})

    def compare(self, view):
        comparison = Comparison(view.networks["discriminator"], view.batch["point"], view.fakes["point"])
        return self.spoiled("compare", {"sample": comparison})

    def pair(self, name, view):
        return self.spoiled("pair", (view.fakes["point"], view.batch["point"]))

    def term(self, name, player, view):
        judged = view.judged["sample"]
        logits = judged.fake["logits"] if player == "generator" else judged.real["logits"]
        return self.spoiled("term", logits.square().mean())

    def fixed_inputs(self, sources, *, count, rng, fitted):
        return self.spoiled("fixed_inputs", {"latent": rng.standard_normal((count, 3)).astype(np.float32)})

    def picture(self, trained, inputs, *, rng):
        side = len(inputs["latent"])
        return self.spoiled("picture", np.zeros((side, side, 3), np.uint8))

    def evaluate(self, trained, sources, *, rng):
        import torch

        with torch.no_grad():
            made = trained.networks["generator"](rng.normal((6, 3)), training=False).cpu().numpy()
        real = np.stack([sources["data"][index]["point"] for index in range(min(6, len(sources["data"])))])
        picture = np.zeros((4, 4, 3), np.uint8)
        row = Result(method="generator", output={"point": made}, target={"point": real}, name="one", picture=picture)
        if self.fault == "evaluate:empty":
            return
        yield self.spoiled("evaluate", row)

    def sample(self, trained, request):
        request.output.write_bytes(b"made")
        return self.spoiled("sample", [request.output])


@dataclass(frozen=True, kw_only=True)
class BadGenerator(Architecture, Faulty):
    """One hidden layer."""

    role: ClassVar[str] = "generator"
    fault: str = ""

    def build(self, signature):
        return self.spoiled("build", self.network(signature))

    def network(self, signature):
        if self.fault == "save:unsaved":
            return unsaved(signature)
        if self.fault == "width:wrong":
            signature = dataclasses.replace(signature, outputs={"point": Field(shape=(5,))})
        return dense_network(signature)

    def begin_step(self, network, step):
        self.spoiled("begin_step", None)


def unsaved(signature):
    import keras

    class Unsaved(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)
            self.build((None, 3))

        def build(self, shape):
            self.dense.build(shape)
            self.built = True

        def call(self, latent):
            return self.dense(latent)

        def get_config(self):
            raise KeyError("boom")

    return Unsaved()


@dataclass(frozen=True, kw_only=True)
class BadDiscriminator(BadGenerator):
    """One hidden layer."""

    role: ClassVar[str] = "discriminator"
    fault: str = ""


class BadLoss(AdversarialLoss, Faulty):
    """Least squares."""

    def __init__(self, *, fault: str = ""):
        self.fault = fault
        self.spoiled("init", None)

    def build(self):
        self.spoiled("build", None)

    def state(self):
        return self.spoiled("state", {})

    def report(self):
        return self.spoiled("report", {"one": 1.0})

    def discriminator_loss(self, real_logits, fake_logits):
        return self.spoiled("discriminator_loss", (real_logits - 1).square().mean() + fake_logits.square().mean())

    def generator_loss(self, fake_logits):
        return self.spoiled("generator_loss", (fake_logits - 1).square().mean())


@dataclass(frozen=True, kw_only=True)
class BadPair(PairLoss, Faulty):
    """Mean squares."""

    fault: str = ""

    def __call__(self, output, target):
        return self.spoiled("call", (output - target).square().mean())


class BadRegularizer(Regularizer, Faulty):
    """Does nothing, at every moment."""

    def __init__(self, *, fault: str = ""):
        self.fault = fault

    def build(self, players, comparisons):
        self.spoiled("build", None)

    def state(self):
        return self.spoiled("state", {})

    def report(self):
        return self.spoiled("report", {})

    def discriminator_signature(self, signature):
        return self.spoiled("discriminator_signature", signature)

    def discriminator_penalty(self, judged, *, step, rng):
        return self.spoiled("discriminator_penalty", judged.real["logits"].square().mean())

    def generator_penalty(self, fakes, judged, *, step, rng):
        return self.spoiled("generator_penalty", fakes["point"].square().mean())

    def weight_penalty(self, player, *, step):
        return self.spoiled("weight_penalty", player.variables[0].value.square().mean())

    def loss_factors(self, player, losses, *, step):
        return self.spoiled("loss_factors", {next(iter(losses)): 1.0})

    def plays(self, player, *, step):
        return self.spoiled("plays", True)

    def learning_rate_factor(self, player, *, step):
        return self.spoiled("learning_rate_factor", 1.0)

    def after_update(self, player, judged, *, step):
        self.spoiled("after_update", None)


class BadInputs(Regularizer, Faulty):
    """Adds a little noise."""

    def __init__(self, *, fault: str = ""):
        self.fault = fault

    def discriminator_inputs(self, images, *, comparison, real, player, step, rng):
        return self.spoiled("discriminator_inputs", images + rng.normal(tuple(images.shape), stddev=1e-3))


class BadMetric(Metric, Faulty):
    """The distance of two means."""

    larger_is_better = False

    def __init__(self, *, fault: str = ""):
        self.fault = fault
        self._distances = []

    def build(self, training):
        self.spoiled("build", None)

    def update(self, output, target):
        self.spoiled("update", None)
        self._distances.append(abs(float(output["point"].mean() - target["point"].mean())))

    def result(self):
        return self.spoiled("result", {"distance": float(np.mean(self._distances))})


@hookimpl
def ganzoo_register_architectures():
    return {"bad_generator": BadGenerator, "bad_discriminator": BadDiscriminator}


@hookimpl
def ganzoo_register_datasets():
    return {"bad_data": BadData}


@hookimpl
def ganzoo_register_tasks():
    return {"bad_task": BadTask}


@hookimpl
def ganzoo_register_losses():
    return {"bad_loss": BadLoss, "bad_pair": BadPair}


@hookimpl
def ganzoo_register_regularizers():
    return {"bad_regularizer": BadRegularizer, "bad_inputs": BadInputs}


@hookimpl
def ganzoo_register_metrics():
    return {"bad_metric": BadMetric}
