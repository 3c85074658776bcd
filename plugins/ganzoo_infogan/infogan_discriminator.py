"""The discriminator of InfoGAN, which tells the code too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class InfoGANDiscriminator(Architecture):
    """Two strided convolutions and a hidden layer of 16 `filters`, for MNIST (InfoGAN, arXiv 1606.03657).

    LeakyReLU 0.01 after each, batch normalization after each but the first. The logit is a linear head on the hidden
    layer, which is the features; the output `code` has another hidden layer of 2 `filters` with batch normalization
    before its head. Weights from N(0, 0.02); images are brought to [0, 1]. 6,692,173 weights for MNIST and a code of 12
    values.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(1_024)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_infogan import networks

        return networks.discriminator(signature, filters=self.filters)
