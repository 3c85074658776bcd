"""The generator of fast style transfer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class JohnsonGenerator(Architecture):
    """A residual network from a photograph to a painted one of the same size (Johnson 2016, arXiv 1603.08155).

    Reflection of 8 `blocks` pixels at the border; 9x9 convolution, two of stride 2, `blocks` residual blocks of
    unpadded 3x3 convolutions whose skips are cut to fit, two transposed ones of stride 2 and a 9x9 convolution to RGB;
    `filters` channels, doubled twice. Instance normalization with scale and offset and ReLU after each convolution but
    the last, as in the authors' code (the paper: batch normalization). 1,679,235 weights.

    The authors give 150 tanh, as BGR in [0, 255] without the mean colour. Here it is 150 / 127.5 tanh around mid-grey,
    as RGB in [-1, 1], so that black and white are reached as there. Sides must be multiples of 4, longer than 8
    `blocks`.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 32
    blocks: Annotated[int, Ge(1), Le(512)] = 5

    def build(self, signature: Signature) -> Network:
        from ganzoo_johnson import networks

        return networks.generator(signature, filters=self.filters, blocks=self.blocks)
