"""The decoder of VAE-GAN, its generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MultipleOf

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class VaeGanDecoder(Architecture):
    """A hidden layer and three transposed 5x5 convolutions from latents to an image (VAE-GAN, arXiv 1512.09300).

    From an eighth of the side with 4 `filters` channels to 4, 2 and half of `filters`; normalization over the batch and
    ReLU after each, then a 5x5 convolution and tanh. Sides are multiples of 8. 4,693,155 weights for 64 pixels and 128
    latents.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(2), Le(1_024), MultipleOf(2)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.decoder(signature, filters=self.filters)
