"""Scores for restored photographs and for sets of generated examples."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Metric, hookimpl
from ganzoo_metrics.class_score import ClassScore
from ganzoo_metrics.frechet import Frechet
from ganzoo_metrics.kernel_distance import KernelDistance
from ganzoo_metrics.mode_coverage import ModeCoverage
from ganzoo_metrics.ms_ssim import MSSSIM
from ganzoo_metrics.nearest_training import NearestTraining
from ganzoo_metrics.precision_recall import PrecisionRecall
from ganzoo_metrics.psnr import PSNR
from ganzoo_metrics.reconstruction_distance import ReconstructionDistance
from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein
from ganzoo_metrics.spectrum_distance import SpectrumDistance
from ganzoo_metrics.ssim import SSIM

GANZOO_API = "1"


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {
        "class_score": ClassScore,
        "frechet": Frechet,
        "kernel_distance": KernelDistance,
        "mode_coverage": ModeCoverage,
        "ms_ssim": MSSSIM,
        "nearest_training": NearestTraining,
        "precision_recall": PrecisionRecall,
        "psnr": PSNR,
        "reconstruction_distance": ReconstructionDistance,
        "sliced_wasserstein": SlicedWasserstein,
        "spectrum_distance": SpectrumDistance,
        "ssim": SSIM,
    }
