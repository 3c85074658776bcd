from contract_case import LARGE, Case, discriminator

CONTRACT = {
    "patchgan_discriminator": Case(
        options={"filters": 2, "halvings": 1, "normalization": "instance"}, signature=discriminator(LARGE)
    ),
}
