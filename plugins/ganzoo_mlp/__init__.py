"""Fully connected networks: for points in the plane, tables and small images."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, hookimpl
from ganzoo_mlp.mlp_discriminator import MlpDiscriminator
from ganzoo_mlp.mlp_generator import MlpGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"mlp_discriminator": MlpDiscriminator, "mlp_generator": MlpGenerator}
