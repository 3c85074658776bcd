"""ESRGAN and Real-ESRGAN: residual-in-residual dense blocks for super-resolution, and their discriminators."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_esrgan.rrdb import RRDB
from ganzoo_esrgan.unet_discriminator import UNetDiscriminator
from ganzoo_esrgan.vgg_discriminator import VGGDiscriminator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {
        "rrdb": RRDB,
        "unet_discriminator": UNetDiscriminator,
        "vgg_discriminator": VGGDiscriminator,
    }
