"""The convolutional networks of VAE-GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature

Filters = Annotated[int, Ge(1), Le(4_096)]


@dataclass(frozen=True, kw_only=True)
class VAEGANEncoder(Architecture):
    """Three strided 5x5 convolutions and a hidden layer from an image to the moments of its latents (arXiv 1512.09300).

    Channels double from `filters`; batch normalization and ReLU after each layer, the hidden one of 32 `filters`. Sides
    are multiples of 8 from 16 on, or 28.
    """

    role: ClassVar[str] = "encoder"

    filters: Filters = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.encoder(signature, filters=self.filters)


@dataclass(frozen=True, kw_only=True)
class VAEGANGenerator(Architecture):
    """A projection and up to three transposed 5x5 convolutions from latents to an image (arXiv 1512.09300).

    Widths are 4, 4, 2 and half of `filters`; batch normalization and ReLU after each, then a 5x5 convolution and tanh.
    """

    role: ClassVar[str] = "generator"

    filters: Filters = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.generator(signature, filters=self.filters)


@dataclass(frozen=True, kw_only=True)
class VAEGANDiscriminator(Architecture):
    """5x5 convolutions from an image to logits (VAE-GAN, arXiv 1512.09300).

    One of half of `filters` without stride, then three of stride 2 with 2, 4 and 4 times `filters`, and a hidden layer
    of 8 `filters`, each but the first with batch normalization, and ReLU. Its layer `deep` is the output of the last
    convolution before normalization, in which the paper compares images.
    """

    role: ClassVar[str] = "discriminator"

    filters: Filters = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_vae_gan import networks

        return networks.discriminator(signature, filters=self.filters)
