import numpy as np
from contract_case import Case

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)

SET = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 1), dtype=np.uint8)
ON_CLASSIFIER = Case(
    options={"features": {"name": "classifier", "data": {"name": "digits"}}},
    example={"image": SET},
    training={"name": "digits"},
)

CONTRACT = {
    **dict.fromkeys(
        ("class_score", "frechet", "kernel_distance", "nearest_training", "precision_recall"), ON_CLASSIFIER
    ),
    "ms_ssim": Case(example={"image": np.random.default_rng(0).integers(0, 256, (184, 190, 3), dtype=np.uint8)}),
    "mode_coverage": Case(example={"point": np.eye(2, dtype=np.float32), "label": np.arange(2, dtype=np.int32)}),
    "reconstruction_distance": Case(example={"image": PHOTOGRAPHS, "reconstruction": PHOTOGRAPHS[::-1]}),
    "sliced_wasserstein": Case(example={"image": PHOTOGRAPHS}),
}
