"""Scores for restored photographs and for sets of generated examples."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Metric, hookimpl
from ganzoo_metrics.mode_coverage import ModeCoverage
from ganzoo_metrics.psnr import PSNR
from ganzoo_metrics.reconstruction_distance import ReconstructionDistance
from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein
from ganzoo_metrics.ssim import SSIM

GANZOO_API = "1"


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {
        "mode_coverage": ModeCoverage,
        "psnr": PSNR,
        "reconstruction_distance": ReconstructionDistance,
        "sliced_wasserstein": SlicedWasserstein,
        "ssim": SSIM,
    }
