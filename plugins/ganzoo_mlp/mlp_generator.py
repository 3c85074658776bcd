"""A fully connected generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class MlpGenerator(Architecture):
    """Fully connected layers from latents to an output of any shape (Goodfellow 2014, arXiv 1406.2661).

    The output goes through tanh where the task states the range [-1, 1], and is unbounded where it states none.
    """

    role: ClassVar[str] = "generator"

    hidden: Annotated[int, Ge(1), Le(16_384)] = 128
    layers: Annotated[int, Ge(1), Le(256)] = 2
    activation: Literal["relu", "leaky_relu"] = "relu"

    def build(self, signature: Signature) -> Network:
        from ganzoo_mlp import networks

        return networks.generator(signature, width=self.hidden, count=self.layers, activation=self.activation)
