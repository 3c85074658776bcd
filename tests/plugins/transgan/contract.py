from contract_case import LARGE, Case, discriminator, generator

CONTRACT = {
    "transgan_discriminator": Case(
        options={"filters": 8, "depths": [1, 1], "heads": 2}, signature=discriminator(LARGE)
    ),
    "transgan_generator": Case(options={"filters": 32, "depths": [1, 1], "heads": 2}, signature=generator(LARGE)),
}
