from contract_case import LARGE, Case, discriminator, generator

CONTRACT = {
    "sngan_resnet_generator": Case(options={"filters": 4}, signature=generator(LARGE)),
    "sngan_resnet_discriminator": Case(options={"filters": 4}, signature=discriminator(LARGE)),
}
