"""The discriminator of BigGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature
from ganzoo_biggan.options import Initializer


@dataclass(frozen=True, kw_only=True)
class BigGANDiscriminator(Architecture):
    """Residual blocks from a square image to logits, with the projection of the class (BigGAN, arXiv 1809.11096).

    Widths are those of the authors' code for 32, 64, 128 and 256 pixels, in units of `filters`. Attention follows the
    block of side `attention` (0: none). ReLU and the sum over places give the features. Every kernel is spectrally
    normalized. 87,982,370 weights at 128 pixels with 1000 classes.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(1_024)] = 96
    attention: Annotated[int, Ge(0)] = 64
    initializer: Initializer = "orthogonal"

    def build(self, signature: Signature) -> Network:
        from ganzoo_biggan import networks

        return networks.discriminator(self, signature)
