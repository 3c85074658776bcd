"""The networks of TransGAN, transformers without convolutions (Jiang 2021, arXiv 2102.07074)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_transgan.transgan_discriminator import TransGANDiscriminator
from ganzoo_transgan.transgan_generator import TransGANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"transgan_discriminator": TransGANDiscriminator, "transgan_generator": TransGANGenerator}
