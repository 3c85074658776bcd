from contract_case import SMALL, Case, discriminator, generator

from ganzoo import Field, Signature

MOMENTS = {"mean": Field(shape=(5,)), "log_variance": Field(shape=(5,))}

CONTRACT = {
    "vae_gan_decoder": Case(options={"filters": 2}, signature=generator(SMALL)),
    "vae_gan_discriminator": Case(options={"filters": 2}, signature=discriminator(SMALL)),
    "vae_gan_encoder": Case(options={"filters": 2}, signature=Signature(inputs={"image": SMALL}, outputs=MOMENTS)),
}
