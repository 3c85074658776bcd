from contract_case import LARGE, Case, discriminator, generator

CONTRACT = {
    "dcgan_discriminator": Case(options={"filters": 2}, signature=discriminator(LARGE)),
    "dcgan_generator": Case(options={"filters": 2}, signature=generator(LARGE)),
}
