"""The generator of SAGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SAGANGenerator(Architecture):
    """Residual blocks with self-attention from latents to a square image (SAGAN, arXiv 1805.08318).

    From 4 x 4 (7 x 7 for a side of 28) each block doubles the side and halves the channels, from at most 16 `filters`
    down to `filters`; attention follows the block of side `attention` (0: none). Every convolution and fully connected
    layer is spectrally normalized. With a class label, batch normalization has a scale and an offset for each class.
    The paper has 64 `filters` at 128 pixels and attention at 32. Sides are 4 to 7, times 2^k.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    attention: Annotated[int, Ge(0)] = 32

    def build(self, signature: Signature) -> Network:
        from ganzoo_sagan import networks

        return networks.generator(signature, filters=self.filters, attention=self.attention)
