"""The generator of fast style transfer (Johnson 2016, arXiv 1603.08155)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_johnson.johnson_generator import JohnsonGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"johnson_generator": JohnsonGenerator}
