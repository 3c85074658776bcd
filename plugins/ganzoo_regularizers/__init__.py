"""Regularizers: gradient penalties, weight clipping, instance noise, historical averaging, mode seeking."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Regularizer, hookimpl
from ganzoo_regularizers.gradient_penalty import GradientPenalty
from ganzoo_regularizers.historical_averaging import HistoricalAveraging
from ganzoo_regularizers.instance_noise import InstanceNoise
from ganzoo_regularizers.mode_seeking import ModeSeeking
from ganzoo_regularizers.r1 import R1
from ganzoo_regularizers.weight_clipping import WeightClipping

GANZOO_API = "1"


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {
        "gradient_penalty": GradientPenalty,
        "historical_averaging": HistoricalAveraging,
        "instance_noise": InstanceNoise,
        "mode_seeking": ModeSeeking,
        "r1": R1,
        "weight_clipping": WeightClipping,
    }
