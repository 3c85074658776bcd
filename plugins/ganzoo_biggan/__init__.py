"""The networks of BigGAN (Brock 2019, arXiv 1809.11096)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_biggan.biggan_discriminator import BigGANDiscriminator
from ganzoo_biggan.biggan_generator import BigGANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"biggan_discriminator": BigGANDiscriminator, "biggan_generator": BigGANGenerator}
