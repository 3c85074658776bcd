from contract_case import LARGE, Case, discriminator, generator

CONTRACT = {
    "biggan_generator": Case(
        options={"filters": 4, "attention": 8, "embedding": 3, "hierarchical": False}, signature=generator(LARGE)
    ),
    "biggan_discriminator": Case(options={"filters": 4, "attention": 8}, signature=discriminator(LARGE)),
}
