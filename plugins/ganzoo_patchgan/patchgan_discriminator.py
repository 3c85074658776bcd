"""The discriminator of pix2pix and CycleGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class PatchGANDiscriminator(Architecture):
    """4x4 convolutions from an image of any size to a map of logits, one for each patch (pix2pix, arXiv 1611.07004).

    `halvings` of stride 2 and two of stride 1; channels double from `filters` to at most 8 `filters`. A logit sees 70 x
    70 pixels with 3 halvings, 34 with 2, 16 with 1. A class label is appended to the image as maps of zeros and ones.
    Use `instance` or `none` with penalties for each sample. 2,764,737 weights for RGB images with instance
    normalization, 2,768,705 for pairs of them with batch normalization.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    halvings: Annotated[int, Ge(1), Le(8)] = 3
    normalization: Literal["batch", "instance", "none"] = "batch"

    def build(self, signature: Signature) -> Network:
        from ganzoo_patchgan import networks

        return networks.discriminator(self, signature)
