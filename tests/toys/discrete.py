"""A generator of tokens, trained by policy gradient with a running baseline (REINFORCE), as a term of the task."""

from __future__ import annotations

import keras
from points import ARCHITECTURES, LOGITS, Blobs, ToyTask, spec
from torch.nn.functional import one_hot

from ganzoo import Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"


class Tokens(ToyTask):
    """Sequences of one of two tokens."""

    kept = ("token",)
    exposes = LossTargets(comparisons=("token",), terms={"policy": ("generator",)})

    def __init__(self):
        self.baseline = keras.Variable(0.5, trainable=False)

    def state(self):
        return {"baseline": self.baseline}

    def networks(self, fields, fitted):
        tokens = Field(shape=(fields["token"].num_classes,))
        return (
            spec("generator", "generator", {"latent": Field(shape=(3,))}, {"logits": tokens}),
            spec("discriminator", "discriminator", {"token": tokens}, {"logits": LOGITS}),
        )

    def generate(self, view):
        log_probabilities = view.networks["generator"](view.rng.normal((view.count, 3))).log_softmax(1)
        draws = view.rng.uniform((len(log_probabilities),))
        chosen = (draws > log_probabilities[:, 0].exp()).long()
        picked = log_probabilities.gather(1, chosen[:, None])[:, 0]
        return {"token": one_hot(chosen, 2).float(), "log_probability": picked}

    def compare(self, view):
        real = one_hot(view.batch["token"].long(), 2).float()
        return {"token": Comparison(view.networks["discriminator"], real, view.fakes["token"])}

    def term(self, name, player, view):
        reward = view.judged["token"].fake["logits"][:, 0].detach().sigmoid()
        loss = -((reward - self.baseline.value) * view.fakes["log_probability"]).mean()
        self.baseline.assign(0.9 * self.baseline.value + 0.1 * reward.mean())
        return loss


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Tokens}
