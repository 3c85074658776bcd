"""Networks for super-resolution: SRGAN's, and one that is fast on CPUs."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_srgan.srgan_discriminator import SRGANDiscriminator
from ganzoo_srgan.srresnet import SRResNet
from ganzoo_srgan.subpixel_resnet import SubpixelResNet

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {
        "srgan_discriminator": SRGANDiscriminator,
        "srresnet": SRResNet,
        "subpixel_resnet": SubpixelResNet,
    }
