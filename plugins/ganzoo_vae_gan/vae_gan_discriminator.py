"""The discriminator of VAE-GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MultipleOf

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class VaeGanDiscriminator(Architecture):
    """Four 5x5 convolutions and a hidden layer from an image to a logit (VAE-GAN, arXiv 1512.09300).

    Half of `filters` channels at full size, then 2, 4 and 4 `filters` with stride 2, and 8 `filters` units; ReLU after
    each, normalization over the batch before it after all but the first. What the last convolution gives, before its
    normalization, is the layer `similarity`, in which the paper compares images. A class label is appended as maps of
    zeros and ones. Sides are multiples of 8. 10,953,857 weights for 64 pixels.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(2), Le(1_024), MultipleOf(2)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.discriminator(signature, filters=self.filters)
