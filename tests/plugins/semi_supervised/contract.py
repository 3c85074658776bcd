import numpy as np
from contract_case import SMALL, Case, generator

from ganzoo import Field, Signature

LABELS = {"label": np.array([0, 1, 2, 2], np.int32)}
HEADS = {"classes": Field(shape=(10,)), "features": Field(shape=(None,))}

CONTRACT = {
    "classification_error": Case(example=LABELS),
    "matching_classifier": Case(
        options={"hidden": [6, 5]}, signature=Signature(inputs={"image": SMALL}, outputs=HEADS)
    ),
    "matching_generator": Case(options={"hidden": 6}, signature=generator(SMALL)),
}
