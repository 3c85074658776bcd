"""The discriminator of SAGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SAGANDiscriminator(Architecture):
    """Residual blocks with self-attention from a square image to logits (SAGAN, arXiv 1805.08318).

    Blocks halve the side down to 4 x 4 (7 x 7 for a side of 28) and double the channels, from `filters` up to at most
    16 `filters`; one more keeps both. Attention follows the block of side `attention` (0: none). ReLU and the sum over
    places give the features; with a class label, the product with its embedding is added to the logit. Every layer is
    spectrally normalized. Sides are 4 to 7, times 2^k.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    attention: Annotated[int, Ge(0)] = 32

    def build(self, signature: Signature) -> Network:
        from ganzoo_sagan import networks

        return networks.discriminator(signature, filters=self.filters, attention=self.attention)
