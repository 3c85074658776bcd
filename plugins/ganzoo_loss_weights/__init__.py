"""Weights of losses that are learned while the networks are."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Regularizer, hookimpl
from ganzoo_loss_weights.gradnorm import GradNorm
from ganzoo_loss_weights.uncertainty import Uncertainty

GANZOO_API = "1"


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {"gradnorm": GradNorm, "uncertainty": Uncertainty}
