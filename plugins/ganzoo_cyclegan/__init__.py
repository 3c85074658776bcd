"""The generator of CycleGAN (Zhu 2017, arXiv 1703.10593)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_cyclegan.resnet_generator import ResNetGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"resnet_generator": ResNetGenerator}
