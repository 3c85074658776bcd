"""The discriminator of SRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SRGANDiscriminator(Architecture):
    """The discriminator of SRGAN: eight 3x3 convolutions, a dense layer, logits (arXiv 1609.04802).

    Channels double from `filters` to 8 `filters` while every second convolution halves the image; LeakyReLU 0.2, batch
    normalization after all but the first, a dense layer of 16 `filters` (1024 in the paper) on the flattened map. The
    crop may have any size, fixed by the task. `features` are the activations of the dense layer.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    batch_normalization: bool = True

    def build(self, signature: Signature) -> Network:
        from ganzoo_srgan import networks

        return networks.discriminator(signature, filters=self.filters, batch_normalization=self.batch_normalization)
