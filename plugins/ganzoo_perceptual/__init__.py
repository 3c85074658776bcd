"""Frozen networks of images (VGG, Inception), losses on their activations, LPIPS and distances of style."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Extractor, Features, Loss, Metric, hookimpl
from ganzoo_perceptual.gram_style import GramStyle
from ganzoo_perceptual.inception import Inception
from ganzoo_perceptual.lpips import LPIPS
from ganzoo_perceptual.lpips_loss import LPIPSLoss
from ganzoo_perceptual.moment_style import MomentStyle
from ganzoo_perceptual.perceptual import Perceptual
from ganzoo_perceptual.style_distances import StyleDistances
from ganzoo_perceptual.vgg16 import VGG16
from ganzoo_perceptual.vgg16_hed import VGG16HED
from ganzoo_perceptual.vgg19 import VGG19

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Features] | type[Extractor]]:
    return {"inception": Inception, "vgg16": VGG16, "vgg16_hed": VGG16HED, "vgg19": VGG19}


@hookimpl
def ganzoo_register_losses() -> Mapping[str, type[Loss]]:
    return {"gram_style": GramStyle, "lpips": LPIPSLoss, "moment_style": MomentStyle, "perceptual": Perceptual}


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"lpips": LPIPS, "style_distances": StyleDistances}
