from contract_case import POINT, Case, discriminator, generator

CONTRACT = {
    "mlp_discriminator": Case(signature=discriminator(POINT, "point")),
    "mlp_generator": Case(signature=generator(POINT)),
}
