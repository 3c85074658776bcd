"""The generator of pix2pix (Isola 2017, arXiv 1611.07004)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_pix2pix.unet_generator import UNetGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"unet_generator": UNetGenerator}
