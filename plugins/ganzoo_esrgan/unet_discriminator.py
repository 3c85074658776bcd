"""The discriminator of Real-ESRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class UNetDiscriminator(Architecture):
    """The discriminator of Real-ESRGAN: a U-Net from an image to a logit for each pixel (arXiv 2107.10833).

    3x3 convolution; three 4x4 convolutions of stride 2, channels doubling from `filters` to 8 `filters`; three times
    bilinear enlargement, 3x3 convolution and the sum with the activations of that size from the way down; two 3x3
    convolutions, and one to the logits. LeakyReLU 0.2 after all but the last; spectral normalization of all but the
    first and the last. 4,376,897 weights. Sides must be multiples of 8. `features` are means over places of the last
    activations.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_esrgan import networks

        return networks.unet_discriminator(signature, filters=self.filters)
