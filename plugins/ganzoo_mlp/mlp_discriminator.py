"""A fully connected discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Lt

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class MlpDiscriminator(Architecture):
    """Fully connected layers from an input of any shape to logits (Goodfellow 2014, arXiv 1406.2661).

    Its features are the activations of the last hidden layer. No layer mixes examples, so it works with every penalty;
    with `spectral_normalization` the kernels of the hidden layers and of the logit have a largest singular value of 1
    (arXiv 1802.05957). `dropout` follows each hidden layer; `minibatch_discrimination` appends so many features of how
    close the examples of a batch are (Salimans 2016, arXiv 1606.03498).
    """

    role: ClassVar[str] = "discriminator"

    hidden: Annotated[int, Ge(1), Le(16_384)] = 128
    layers: Annotated[int, Ge(1), Le(256)] = 2
    activation: Literal["relu", "leaky_relu"] = "leaky_relu"
    spectral_normalization: bool = False
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    minibatch_discrimination: Annotated[int, Ge(0), Le(4_096)] = 0

    def build(self, signature: Signature) -> Network:
        from ganzoo_mlp import networks

        return networks.discriminator(self, signature)
