from contract_case import LARGE, Case

from ganzoo import Signature

CONTRACT = {
    "johnson_generator": Case(
        options={"filters": 2, "blocks": 1},
        signature=Signature(inputs={"content": LARGE}, outputs={"image": LARGE}),
    ),
}
