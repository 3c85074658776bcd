from contract_case import LARGE, Case, discriminator, generator

CONTRACT = {
    "sagan_generator": Case(options={"filters": 8, "attention": 16}, signature=generator(LARGE)),
    "sagan_discriminator": Case(options={"filters": 8, "attention": 8}, signature=discriminator(LARGE)),
}
