"""The networks of R3GAN (Huang 2024, arXiv 2501.05441)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_r3gan.r3gan_discriminator import R3GANDiscriminator
from ganzoo_r3gan.r3gan_generator import R3GANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"r3gan_discriminator": R3GANDiscriminator, "r3gan_generator": R3GANGenerator}
