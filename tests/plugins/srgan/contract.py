from contract_case import LARGE, SMALL, Case, discriminator

from ganzoo import Signature

ENLARGING = Signature(inputs={"image": SMALL}, outputs={"image": LARGE})

CONTRACT = {
    "srgan_discriminator": Case(options={"filters": 2}, signature=discriminator(LARGE)),
    "srresnet": Case(options={"filters": 2, "blocks": 1}, signature=ENLARGING),
    "subpixel_resnet": Case(options={"filters": 2, "blocks": 1}, signature=ENLARGING),
}
