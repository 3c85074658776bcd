"""The residual networks of SNGAN, and of the projection discriminator (arXiv 1802.05957, 1802.05637)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_sngan.sngan_resnet_discriminator import SNGANResnetDiscriminator
from ganzoo_sngan.sngan_resnet_generator import SNGANResnetGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"sngan_resnet_discriminator": SNGANResnetDiscriminator, "sngan_resnet_generator": SNGANResnetGenerator}
