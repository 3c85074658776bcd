"""Numbers as functions of the step: the usual decays, restarts and warm-up."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Ramp, Schedule, Staircase, hookimpl
from ganzoo_schedules.constant import Constant
from ganzoo_schedules.cosine import Cosine, CosineRestarts
from ganzoo_schedules.decays import InverseSquareRoot, InverseTime, LinearToZero, Polynomial, StepDecay
from ganzoo_schedules.warm_up import WarmUp
from ganzoo_schedules.wgan_bursts import WganBursts

GANZOO_API = "1"


@hookimpl
def ganzoo_register_schedules() -> Mapping[str, type[Schedule]]:
    return {
        "constant": Constant,
        "cosine": Cosine,
        "cosine_restarts": CosineRestarts,
        "inverse_square_root": InverseSquareRoot,
        "inverse_time": InverseTime,
        "linear_to_zero": LinearToZero,
        "polynomial": Polynomial,
        "ramp": Ramp,
        "staircase": Staircase,
        "step_decay": StepDecay,
        "warm_up": WarmUp,
        "wgan_bursts": WganBursts,
    }
