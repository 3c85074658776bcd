"""The fully connected networks of BiGAN for MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature

Width = Annotated[int, Ge(1), Le(16_384)]


@dataclass(frozen=True, kw_only=True)
class BiGANGenerator(Architecture):
    """Two hidden layers with batch normalization and ReLU, for MNIST (BiGAN, arXiv 1605.09782).

    No layer has a bias and no normalization a scale or offset, as in the authors' code. A sigmoid ends it, whose [0, 1]
    is the [-1, 1] of images here. Weights from N(0, 0.02).
    """

    role: ClassVar[str] = "generator"

    hidden: Width = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.generator(signature, width=self.hidden)


@dataclass(frozen=True, kw_only=True)
class BiGANEncoder(Architecture):
    """Two hidden layers with LeakyReLU 0.2 from an image to its latents, for MNIST (BiGAN, arXiv 1605.09782).

    The second layer has batch normalization, without scale and offset; there are no biases. The activations of that
    layer are its output `features`, and tanh keeps the latents in (-1, 1). Weights from N(0, 0.02).
    """

    role: ClassVar[str] = "encoder"

    hidden: Width = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.encoder(signature, width=self.hidden)


@dataclass(frozen=True, kw_only=True)
class BiGANDiscriminator(Architecture):
    """Two hidden layers with LeakyReLU 0.2 from an image and latents to logits, for MNIST (BiGAN, arXiv 1605.09782).

    The latents join the second layer, which has batch normalization without scale and offset; there are no biases.
    Weights from N(0, 0.02).
    """

    role: ClassVar[str] = "discriminator"

    hidden: Width = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.discriminator(signature, width=self.hidden)
