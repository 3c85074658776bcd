"""Growing networks (ProGAN; Karras 2018, arXiv 1710.10196)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Regularizer, hookimpl
from ganzoo_progan.drift import Drift
from ganzoo_progan.fade_reals import FadeReals
from ganzoo_progan.progan_discriminator import ProGANDiscriminator
from ganzoo_progan.progan_generator import ProGANGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"progan_discriminator": ProGANDiscriminator, "progan_generator": ProGANGenerator}


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {"drift": Drift, "fade_reals": FadeReals}
