from contract_case import LARGE, SMALL, Case, discriminator

from ganzoo import Signature

ENLARGING = Signature(inputs={"image": SMALL}, outputs={"image": LARGE})

CONTRACT = {
    "rrdb": Case(options={"filters": 4, "blocks": 1, "growth": 2, "unshuffle": 2}, signature=ENLARGING),
    "unet_discriminator": Case(options={"filters": 2}, signature=discriminator(LARGE)),
    "vgg_discriminator": Case(options={"filters": 2}, signature=discriminator(LARGE)),
}
