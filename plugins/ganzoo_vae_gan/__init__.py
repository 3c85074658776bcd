"""An autoencoder whose reconstructions a discriminator compares (VAE-GAN; Larsen 2016, arXiv 1512.09300)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Task, hookimpl
from ganzoo_vae_gan.vae_gan import VaeGan
from ganzoo_vae_gan.vae_gan_decoder import VaeGanDecoder
from ganzoo_vae_gan.vae_gan_discriminator import VaeGanDiscriminator
from ganzoo_vae_gan.vae_gan_encoder import VaeGanEncoder

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {
        "vae_gan_decoder": VaeGanDecoder,
        "vae_gan_discriminator": VaeGanDiscriminator,
        "vae_gan_encoder": VaeGanEncoder,
    }


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"vae_gan": VaeGan}
