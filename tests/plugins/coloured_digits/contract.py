import numpy as np
from contract_case import Case

DIGITS = np.zeros((4, 8, 8, 1), np.uint8)

CONTRACT = {
    "coloured_digits": Case(options={"of": {"name": "digits"}}),
    "translated_digits": Case(
        options={"features": {"name": "classifier", "data": {"name": "digits"}}},
        example={"image": DIGITS, "label": np.arange(4)},
    ),
}
