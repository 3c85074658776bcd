import numpy as np
from contract_case import Case

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)

CONTRACT = {
    "mode_coverage": Case(example={"point": np.eye(2, dtype=np.float32), "label": np.arange(2, dtype=np.int32)}),
    "reconstruction_distance": Case(example={"image": PHOTOGRAPHS, "reconstruction": PHOTOGRAPHS[::-1]}),
    "sliced_wasserstein": Case(example={"image": PHOTOGRAPHS}),
}
