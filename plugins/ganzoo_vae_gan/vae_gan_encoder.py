"""The encoder of VAE-GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MultipleOf

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class VaeGanEncoder(Architecture):
    """Three 5x5 convolutions of stride 2 and a hidden layer, from an image to moments (VAE-GAN, arXiv 1512.09300).

    `filters`, twice and four times as many channels, then 16 `filters` units; normalization over the batch and ReLU
    after each. Each output is a linear layer on top: `mean` and `log_variance` of the latents. Sides are multiples of
    8. 18,071,360 weights for 64 pixels and 128 latents.
    """

    role: ClassVar[str] = "encoder"

    filters: Annotated[int, Ge(2), Le(1_024), MultipleOf(2)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.encoder(signature, filters=self.filters)
