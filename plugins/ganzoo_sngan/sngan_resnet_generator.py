"""The residual generator of SNGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SNGANResnetGenerator(Architecture):
    """Residual blocks of `filters` channels from latents to a square image (SNGAN, arXiv 1802.05957).

    From 4 x 4 (7 x 7 for a side of 28) each block doubles the side; batch normalization, ReLU, a 3x3 convolution and
    tanh end it. With a class label, the batch normalization of the blocks has a scale and an offset for each class
    (arXiv 1802.05637). 4,276,739 weights at 32 pixels with 128 latents. Sides are 4 to 7, times 2^k.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 256

    def build(self, signature: Signature) -> Network:
        from ganzoo_sngan import networks

        return networks.generator(signature, filters=self.filters)
