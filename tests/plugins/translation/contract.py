import numpy as np
from contract_case import Case

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)

CONTRACT = {"cycle_error": Case(example={"cycle": PICTURES, "input": PICTURES})}
