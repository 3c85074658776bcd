"""The generator of InfoGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class InfoGANGenerator(Architecture):
    """A hidden layer of 16 `filters` and two transposed convolutions, for MNIST (InfoGAN, arXiv 1606.03657).

    From a quarter of the side with 2 `filters` channels; batch normalization and ReLU after each layer but the last,
    whose sigmoid is brought to [-1, 1]. Weights from N(0, 0.02). Sides are multiples of 4. 6,652,481 weights for MNIST
    with 74 inputs.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(1_024)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_infogan import networks

        return networks.generator(signature, filters=self.filters)
