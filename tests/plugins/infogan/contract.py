import numpy as np
from contract_case import LATENT, SMALL, Case

from ganzoo import LOGITS, Field, Signature

CODE = Field(shape=(5,))
TOLD = {"category": np.array([0, 1, 1], np.int32), "label": np.array([1, 0, 0], np.int32)}

CONTRACT = {
    "code_error": Case(example=TOLD),
    "infogan_discriminator": Case(
        options={"filters": 2}, signature=Signature(inputs={"image": SMALL}, outputs={"logits": LOGITS, "code": CODE})
    ),
    "infogan_generator": Case(
        options={"filters": 2}, signature=Signature(inputs={"latent": LATENT, "code": CODE}, outputs={"sample": SMALL})
    ),
}
