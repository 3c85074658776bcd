"""VQGAN's adaptive weight (Esser 2021): the adversarial loss is weighed by gradients at the decoder's last layer."""

from __future__ import annotations

import torch
from denoising import Denoising
from points import ARCHITECTURES, Blobs

from ganzoo import Regularizer, hookimpl

GANZOO_API = "1"


class AdaptiveWeight(Regularizer):
    """Multiplies the loss `adversarial` with ||grad of `reconstruction`|| / (||its grad|| + 1e-4) at one kernel."""

    def __init__(self, *, adversarial: str, reconstruction: str, network: str = "generator", layer: str):
        self.adversarial, self.reconstruction = adversarial, reconstruction
        self.network, self.layer = network, layer

    def loss_factors(self, player, losses, *, step):
        if player.name == "discriminator":
            return {}
        kernel = player.networks[self.network].get_layer(self.layer).kernel.value
        wanted, given = (
            torch.autograd.grad(losses[key], kernel, retain_graph=True)[0].norm()
            for key in (self.reconstruction, self.adversarial)
        )
        self.factor = (wanted / (given + 1e-4)).clamp(0, 1e4).detach()
        return {self.adversarial: self.factor}

    def report(self):
        return {"factor": self.factor}


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Denoising}


@hookimpl
def ganzoo_register_regularizers():
    return {"adaptive_weight": AdaptiveWeight}
