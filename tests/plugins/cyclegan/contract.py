from contract_case import LARGE, Case

from ganzoo import Signature

CONTRACT = {
    "resnet_generator": Case(
        options={"filters": 2, "blocks": 1}, signature=Signature(inputs={"input": LARGE}, outputs={"image": LARGE})
    ),
}
