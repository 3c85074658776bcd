"""An autoencoder that is judged by a discriminator (VAE-GAN; Larsen 2016, arXiv 1512.09300)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Task, hookimpl
from ganzoo_vae_gan.convolutional import VAEGANDiscriminator, VAEGANEncoder, VAEGANGenerator
from ganzoo_vae_gan.vae_gan import VAEGAN

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {
        "vae_gan_discriminator": VAEGANDiscriminator,
        "vae_gan_encoder": VAEGANEncoder,
        "vae_gan_generator": VAEGANGenerator,
    }


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"vae_gan": VAEGAN}
