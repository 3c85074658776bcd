from contract_case import LARGE, Case, discriminator, generator

TINY = {"filters": 4, "blocks": 1, "group_width": 4}

CONTRACT = {
    "r3gan_discriminator": Case(options=TINY, signature=discriminator(LARGE)),
    "r3gan_generator": Case(options=TINY, signature=generator(LARGE)),
}
