"""The residual network of CycleGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class ResNetGenerator(Architecture):
    """Residual blocks at a quarter of the size, from image to image (CycleGAN, arXiv 1703.10593).

    A 7x7 convolution, `halvings` of stride 2 with twice the channels each, `blocks` residual blocks, as many transposed
    convolutions back, a 7x7 convolution and tanh; reflection padding, ReLU, normalization without scale where it is
    `instance`. Sides are multiples of 2^halvings; weights start from N(0, 0.02). The paper has 9 blocks for 256 px and
    6 for 128: 11,378,179 and 7,837,699 weights for RGB.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    blocks: Annotated[int, Ge(0), Le(1_000)] = 9
    halvings: Annotated[int, Ge(0), Le(6)] = 2
    normalization: Literal["batch", "instance"] = "instance"

    def build(self, signature: Signature) -> Network:
        from ganzoo_cyclegan import networks

        return networks.resnet_generator(self, signature)
