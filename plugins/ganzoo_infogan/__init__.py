"""Codes that are found without labels (InfoGAN; Chen 2016, arXiv 1606.03657)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Metric, Task, hookimpl
from ganzoo_infogan.code_error import CodeError
from ganzoo_infogan.infogan import InfoGAN
from ganzoo_infogan.infogan_discriminator import InfoGANDiscriminator
from ganzoo_infogan.infogan_generator import InfoGANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"infogan_discriminator": InfoGANDiscriminator, "infogan_generator": InfoGANGenerator}


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"code_error": CodeError}


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"infogan": InfoGAN}
