import numpy as np
from contract_case import SMALL, Case, generator

from ganzoo import LOGITS, Field, Signature

LATENT = Field(shape=(5,), low=-1, high=1)
FOUND = {"nearest_label": np.array([0, 1, 1], np.int32), "label": np.array([0, 1, 2], np.int32)}

CONTRACT = {
    "bigan_discriminator": Case(
        options={"hidden": 6},
        signature=Signature(inputs={"image": SMALL, "latent": LATENT}, outputs={"logits": LOGITS}),
    ),
    "bigan_encoder": Case(
        options={"hidden": 6},
        signature=Signature(inputs={"image": SMALL}, outputs={"latent": LATENT, "features": Field(shape=(None,))}),
    ),
    "bigan_generator": Case(options={"hidden": 6}, signature=generator(SMALL)),
    "nearest_neighbour": Case(example=FOUND),
}
