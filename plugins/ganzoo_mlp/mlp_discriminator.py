"""A fully connected discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class MlpDiscriminator(Architecture):
    """Fully connected layers from an input of any shape to logits (Goodfellow 2014, arXiv 1406.2661).

    Its features are the activations of the last hidden layer. Without normalization, so it works with every penalty.
    """

    role: ClassVar[str] = "discriminator"

    hidden: Annotated[int, Ge(1), Le(16_384)] = 128
    layers: Annotated[int, Ge(1), Le(256)] = 2
    activation: Literal["relu", "leaky_relu"] = "leaky_relu"

    def build(self, signature: Signature) -> Network:
        from ganzoo_mlp import networks

        return networks.discriminator(signature, width=self.hidden, count=self.layers, activation=self.activation)
