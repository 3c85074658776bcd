"""Style transfer by adaptive instance normalization (AdaIN; Huang and Belongie 2017, arXiv 1703.06868)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_adain.adain_generator import AdaINGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"adain_generator": AdaINGenerator}
