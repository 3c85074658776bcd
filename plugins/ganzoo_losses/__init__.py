"""Adversarial losses on logits and pair losses on pixels."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Loss, hookimpl
from ganzoo_losses.charbonnier import Charbonnier
from ganzoo_losses.hinge import Hinge
from ganzoo_losses.image_gradient import ImageGradient
from ganzoo_losses.l1 import L1
from ganzoo_losses.least_squares import LeastSquares
from ganzoo_losses.minimax import Minimax
from ganzoo_losses.mse import MSE
from ganzoo_losses.non_saturating import NonSaturating
from ganzoo_losses.relativistic_average import RelativisticAverage
from ganzoo_losses.relativistic_paired import RelativisticPaired
from ganzoo_losses.ssim import SSIM
from ganzoo_losses.total_variation import TotalVariation
from ganzoo_losses.wasserstein import Wasserstein

GANZOO_API = "1"


@hookimpl
def ganzoo_register_losses() -> Mapping[str, type[Loss]]:
    return {
        "charbonnier": Charbonnier,
        "hinge": Hinge,
        "image_gradient": ImageGradient,
        "l1": L1,
        "least_squares": LeastSquares,
        "minimax": Minimax,
        "mse": MSE,
        "non_saturating": NonSaturating,
        "relativistic_average": RelativisticAverage,
        "relativistic_paired": RelativisticPaired,
        "ssim": SSIM,
        "total_variation": TotalVariation,
        "wasserstein": Wasserstein,
    }
