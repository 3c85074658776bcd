from contract_case import LARGE, Case

from ganzoo import Field, Signature

GREY = Field(shape=(16, 16, 1), low=-1, high=1)

CONTRACT = {
    "unet_generator": Case(
        options={"filters": 2, "depth": 3}, signature=Signature(inputs={"input": GREY}, outputs={"image": LARGE})
    ),
}
