"""The residual discriminator of SNGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SNGANResnetDiscriminator(Architecture):
    """Residual blocks of `filters` channels from a square image to logits (SNGAN, arXiv 1802.05957).

    Blocks halve the side down to 8 x 8 or less (7 x 7 for a side of 28), two more keep it; ReLU and the sum over places
    give the features. Every layer is spectrally normalized. With a class label, the product of its embedding with the
    features is added to the logit (arXiv 1802.05637). 1,053,825 weights at 32 pixels. Sides are 4 to 7, times 2^k.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 128

    def build(self, signature: Signature) -> Network:
        from ganzoo_sngan import networks

        return networks.discriminator(signature, filters=self.filters)
