from contract_case import LARGE, Case, discriminator, generator

TINY = {"base": 64, "most": 8}

CONTRACT = {
    "progan_discriminator": Case(options=TINY, signature=discriminator(LARGE)),
    "progan_generator": Case(options=TINY, signature=generator(LARGE)),
    "fade_reals": Case(own_network=True),
}
