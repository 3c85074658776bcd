from contract_case import LARGE, SMALL, Case

from ganzoo import Field, Signature

GIVEN = {
    "image": SMALL,
    "mask": Field(shape=(8, 8, 1), low=0, high=1),
    "task": Field(shape=(), dtype="int32", low=0, high=1),
}

CONTRACT = {
    "multi_task_generator": Case(
        options={"filters": 4, "blocks": 1},
        signature=Signature(inputs=GIVEN, outputs={"super_resolution": LARGE, "denoising": SMALL}),
    ),
}
