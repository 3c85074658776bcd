import numpy as np
from contract_case import LATENT, SMALL, Case, generator

from ganzoo import LOGITS, Field, Signature

CODED = {"latent": LATENT, "features": Field(shape=(None,))}
NEAR = {
    "features": np.eye(3, dtype=np.float32),
    "neighbours": np.eye(3, dtype=np.float32),
    "neighbour_labels": np.arange(3),
    "label": np.arange(3),
}

CONTRACT = {
    "bigan_discriminator": Case(
        options={"hidden": 6},
        signature=Signature(inputs={"sample": SMALL, "latent": LATENT}, outputs={"logits": LOGITS}),
    ),
    "bigan_encoder": Case(options={"hidden": 6}, signature=Signature(inputs={"sample": SMALL}, outputs=CODED)),
    "bigan_generator": Case(options={"hidden": 6}, signature=generator(SMALL)),
    "nearest_neighbour": Case(example=NEAR),
}
