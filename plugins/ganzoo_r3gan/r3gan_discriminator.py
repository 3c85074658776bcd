"""The discriminator of R3GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class R3GANDiscriminator(Architecture):
    """Residual blocks without normalization from a square image to logits (R3GAN, arXiv 2501.05441).

    Stages of `blocks` blocks between which the side halves, down to 4 x 4 (7 x 7 for a side of 28), where each channel
    is weighed by a map of its own and summed: these are the features. The last four stages have `filters` channels,
    each earlier one half of those after it. With a class label the logit is the product of its embedding with a linear
    function of the features. 22,381,440 weights at 64 pixels, 21,280,512 at 32 with 10 classes. Sides are 4 to 7, times
    2^k.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 768
    blocks: Annotated[int, Ge(1), Le(64)] = 2
    group_width: Annotated[int, Ge(1), Le(1_024)] = 16

    def build(self, signature: Signature) -> Network:
        from ganzoo_r3gan import networks

        return networks.discriminator(self, signature)
