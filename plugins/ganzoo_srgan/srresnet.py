"""The generator of SRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SRResNet(Architecture):
    """The generator of SRGAN: residual blocks at low resolution, then pixel shuffles (arXiv 1609.04802).

    9x9 convolution and PReLU; `blocks` of 3x3 convolution, BN, PReLU, 3x3 convolution, BN and a sum; 3x3 convolution,
    BN and the long skip; for each factor of 2 (or one of 3) a 3x3 convolution, pixel shuffle and PReLU; a 9x9
    convolution to RGB without activation. Batch normalization has momentum 0.9 and epsilon 1e-5, PReLU one slope per
    channel, which starts at 0.25. Works at any image size. The paper does not state initial weights: here they are
    uniform of variance 1 / (3 fan_in).
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    blocks: Annotated[int, Ge(1), Le(512)] = 16
    batch_normalization: bool = True

    def build(self, signature: Signature) -> Network:
        from ganzoo_srgan import networks

        return networks.srresnet(self, signature)
