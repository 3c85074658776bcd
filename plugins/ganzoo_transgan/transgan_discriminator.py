"""The discriminator of TransGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MaxLen, MinLen

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class TransGANDiscriminator(Architecture):
    """Stages of transformer blocks on the patches of a square image (TransGAN, arXiv 2102.07074).

    One stage for each number of `depths`, which counts its blocks. The first stage sees patches of `patch` pixels as
    three quarters of the `filters` channels; each later stage halves the map and adds patches of twice the side, which
    share the last quarter of the channels. A last block attends to all places and to a class token, which is the
    features after layer normalization. As in the authors' code, noise of learned strength, 0 at first, comes before
    each attention in training. Maps of more than 32 patches attend within squares of at most `window`. A class label is
    appended to the image as maps of zeros and ones. 10,210,400 weights at 32 pixels.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(4), Le(16_384)] = 384
    depths: Annotated[tuple[Annotated[int, Ge(0), Le(64)], ...], MinLen(1), MaxLen(10)] = (3, 3)
    patch: Annotated[int, Ge(1), Le(64)] = 2
    heads: Annotated[int, Ge(1), Le(64)] = 4
    window: Annotated[int, Ge(1), Le(32)] = 16

    def build(self, signature: Signature) -> Network:
        from ganzoo_transgan import networks

        return networks.discriminator(self, signature)
