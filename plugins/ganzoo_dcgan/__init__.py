"""The convolutional networks of DCGAN (Radford 2016, arXiv 1511.06434)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_dcgan.dcgan_discriminator import DcganDiscriminator
from ganzoo_dcgan.dcgan_generator import DcganGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"dcgan_discriminator": DcganDiscriminator, "dcgan_generator": DcganGenerator}
