"""A small generator for super-resolution on CPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class SubpixelResNet(Architecture):
    """Residual blocks at low resolution and one sub-pixel convolution, added to the bicubic image: fast on CPUs.

    Not a published network, but made of published parts: blocks without batch normalization (EDSR, arXiv 1707.02921),
    all channels of the enlarged image from one convolution (ESPCN, arXiv 1609.05158), and the difference to bicubic
    interpolation as the output to learn (VDSR, arXiv 1511.04587). The last convolution starts at zero, so training
    starts at bicubic quality. Works at any image size.

    With `hr_filters`, the sub-pixel convolution makes that many channels, and two more convolutions follow at high
    resolution (as in SRGAN and ESRGAN). Adversarial training needs them: without one, the `scale` x `scale` pixels of
    each low resolution pixel are independent linear maps, whose texture is a visible grid.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 32
    blocks: Annotated[int, Ge(1), Le(512)] = 4
    hr_filters: Annotated[int, Ge(0), Le(4_096)] = 0
    residual_scale: Annotated[float, Gt(0)] = 1.0

    def build(self, signature: Signature) -> Network:
        from ganzoo_srgan import networks

        return networks.subpixel_resnet(self, signature)
