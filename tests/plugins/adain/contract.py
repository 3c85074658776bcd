from contract_case import LARGE, Case

from ganzoo import Signature

CONTRACT = {
    "adain_generator": Case(
        options={"encoder": {"name": "vgg16", "weights": "random"}, "layer": "block1_conv2"},
        signature=Signature(inputs={"content": LARGE, "style": LARGE}, outputs={"image": LARGE}),
    ),
}
