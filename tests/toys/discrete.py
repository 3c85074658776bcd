"""A generator of tokens, trained by policy gradient with a running baseline (REINFORCE): its own training step."""

from __future__ import annotations

from dataclasses import replace

import keras
import torch
from points import ARCHITECTURES, LOGITS, Blobs, ToyTask, spec
from torch.nn.functional import one_hot

from ganzoo import AdversarialModel, Comparison, Exposes, Field, hookimpl

GANZOO_API = "1"


class PolicyGradientModel(AdversarialModel):
    """The discriminator is updated as ever; the generator climbs the discriminator's verdict on sampled tokens."""

    def train_step(self, batch):
        view = self.begin_step(batch)
        view = replace(view, fakes=self.generate(view, with_gradient=True))
        logs = self.update("discriminator", view)
        logs |= self.reinforce(view)
        self.average.update(self.networks, self.updates("generator", view.step))
        self.step_number += 1
        return logs

    def reinforce(self, view):
        with torch.no_grad():
            reward = self.networks["discriminator"](view.fakes["token"])[:, 0].sigmoid()
        baseline = self.task.baseline
        loss = -((reward - baseline.value) * view.fakes["log_probability"]).mean()
        self.descend("generator", loss)
        baseline.assign(0.9 * baseline.value + 0.1 * reward.mean())
        return {"generator/policy": loss.detach()}


class Tokens(ToyTask):
    """Sequences of one of two tokens."""

    kept = ("token",)
    exposes = Exposes(comparisons=("token",))
    model_class = PolicyGradientModel

    def __init__(self):
        self.baseline = keras.Variable(0.5, trainable=False)

    def state(self):
        return {"baseline": self.baseline}

    def networks(self, fields):
        tokens = Field(shape=(fields["token"].num_classes,))
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"logits": tokens}),
            spec("discriminator", "discriminator", {"token": tokens}, {"logits": LOGITS}),
        )

    def generate(self, view):
        log_probabilities = view.networks["generator"](view.rng.normal((len(view.batch["token"]), 3))).log_softmax(1)
        draws = view.rng.uniform((len(log_probabilities),))
        chosen = (draws > log_probabilities[:, 0].exp()).long()
        picked = log_probabilities.gather(1, chosen[:, None])[:, 0]
        return {"token": one_hot(chosen, 2).float(), "log_probability": picked}

    def compare(self, view):
        real = one_hot(view.batch["token"].long(), 2).float()
        return {"token": Comparison(view.networks["discriminator"], real, view.fakes["token"])}


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Tokens}
