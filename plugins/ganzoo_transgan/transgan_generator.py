"""The generator of TransGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MaxLen, MinLen

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class TransGANGenerator(Architecture):
    """Stages of transformer blocks from latents to a square image (TransGAN, arXiv 2102.07074).

    One stage for each number of `depths`, which counts its blocks; between two stages the side doubles. The first stage
    has `filters` channels. The last three doublings turn channels into pixels, so that a quarter of them is left after
    each; earlier ones are bicubic and keep all of them. Positions are learned, absolute ones and those relative within
    attention. Maps of more than 32 pixels attend within squares of at most `window` pixels. A class label is
    appended to the latents as zeros and a one. The last 1x1 convolution has no activation. 83,312,495 weights at 32
    pixels with 256 latents. Sides are multiples of 2^(number of stages - 1).
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(16_384)] = 1024
    depths: Annotated[tuple[Annotated[int, Ge(0), Le(64)], ...], MinLen(1), MaxLen(10)] = (5, 4, 2)
    heads: Annotated[int, Ge(1), Le(64)] = 4
    window: Annotated[int, Ge(1), Le(32)] = 16

    def build(self, signature: Signature) -> Network:
        from ganzoo_transgan import networks

        return networks.generator(self, signature)
