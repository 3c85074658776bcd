from contract_case import LARGE, Case, discriminator, generator

from ganzoo import Field, Signature

CONTRACT = {
    "vae_gan_discriminator": Case(options={"filters": 2}, signature=discriminator(LARGE)),
    "vae_gan_encoder": Case(
        options={"filters": 2}, signature=Signature(inputs={"sample": LARGE}, outputs={"moments": Field(shape=(6,))})
    ),
    "vae_gan_generator": Case(options={"filters": 2}, signature=generator(LARGE)),
}
