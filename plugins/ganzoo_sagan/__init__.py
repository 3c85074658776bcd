"""The networks of SAGAN: self-attention and spectral normalization on both sides (arXiv 1805.08318)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_sagan.sagan_discriminator import SAGANDiscriminator
from ganzoo_sagan.sagan_generator import SAGANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"sagan_discriminator": SAGANDiscriminator, "sagan_generator": SAGANGenerator}
