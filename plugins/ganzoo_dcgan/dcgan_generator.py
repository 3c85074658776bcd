"""The generator of DCGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class DcganGenerator(Architecture):
    """Transposed 4x4 convolutions from latents to a square image (DCGAN, arXiv 1511.06434).

    From 4 x 4 (7 x 7 for a side of 28) the side doubles and the channels halve, down to `filters` before the image.
    Batch normalization and ReLU after each layer but the last, which ends in tanh; weights from N(0, 0.02). A class
    label is appended to the latents as zeros and a one. Sides are 4 to 7, times 2^k: 8, 16, 28, 32, 64, 96, 128, ...
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_dcgan import networks

        return networks.generator(signature, filters=self.filters)
