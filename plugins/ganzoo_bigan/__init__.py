"""An encoder that is learned adversarially beside the generator (BiGAN; Donahue 2016, arXiv 1605.09782)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Metric, Task, hookimpl
from ganzoo_bigan.bigan import BiGAN
from ganzoo_bigan.bigan_discriminator import BiGANDiscriminator
from ganzoo_bigan.bigan_encoder import BiGANEncoder
from ganzoo_bigan.bigan_generator import BiGANGenerator
from ganzoo_bigan.nearest_neighbour import NearestNeighbour

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {
        "bigan_discriminator": BiGANDiscriminator,
        "bigan_encoder": BiGANEncoder,
        "bigan_generator": BiGANGenerator,
    }


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"nearest_neighbour": NearestNeighbour}


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"bigan": BiGAN}
