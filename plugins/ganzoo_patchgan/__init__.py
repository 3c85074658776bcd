"""The discriminator that judges patches (PatchGAN; pix2pix, arXiv 1611.07004)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_patchgan.patchgan_discriminator import PatchGANDiscriminator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"patchgan_discriminator": PatchGANDiscriminator}
