"""The generator of R3GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class R3GANGenerator(Architecture):
    """Residual blocks without normalization from latents to a square image (R3GAN, arXiv 2501.05441).

    Learned maps of 4 x 4 (7 x 7 for a side of 28), each times a number that is linear in the latents, then stages of
    `blocks` blocks between which the side doubles. The first four stages have `filters` channels, each later one half
    of those before. A class label is embedded and joins the latents. The last convolution has no activation. 22,429,824
    weights at 64 pixels with 64 latents, 20,781,952 at 32 with 10 classes. Sides are 4 to 7, times 2^k.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 768
    blocks: Annotated[int, Ge(1), Le(64)] = 2
    group_width: Annotated[int, Ge(1), Le(1_024)] = 16
    embedding: Annotated[int, Ge(1), Le(4_096)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_r3gan import networks

        return networks.generator(self, signature)
