"""The discriminator of DCGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class DcganDiscriminator(Architecture):
    """Strided 4x4 convolutions from a square image to logits (DCGAN, arXiv 1511.06434).

    Sides halve and channels double from `filters` on, down to 4 x 4 (7 x 7 for a side of 28). A class label is appended
    to the image as maps of zeros and ones, or with `condition = "project"` its embedding is multiplied with the sum of
    the last maps (arXiv 1802.05637). LeakyReLU 0.2 after each convolution, `normalization` after
    each but the first. Use `layer` or `none` with gradient penalties, which treat examples independently; batch
    normalization mixes them. The features are the flat activations of the last convolution.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    normalization: Literal["batch", "layer", "none"] = "batch"
    condition: Literal["concatenate", "project"] = "concatenate"

    def build(self, signature: Signature) -> Network:
        from ganzoo_dcgan import networks

        return networks.discriminator(
            signature, filters=self.filters, normalization=self.normalization, project=self.condition == "project"
        )
