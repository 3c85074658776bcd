import numpy as np
from contract_case import Case

RNG = np.random.default_rng(0)
DIGITS = {"image": RNG.integers(0, 256, (6, 8, 8, 1), dtype=np.uint8), "label": np.arange(6, dtype=np.int32)}
ON_DIGITS = {"data": {"name": "digits"}}

CONTRACT = {
    "class_accuracy": Case(options=ON_DIGITS, example=DIGITS),
    "class_modes": Case(options=ON_DIGITS, example=DIGITS),
    "train_on_synthetic": Case(example=DIGITS),
}
