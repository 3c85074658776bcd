"""Regularizers of general use: gradient penalties, penalties on weights and features, packing, replay, noise."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Regularizer, hookimpl
from ganzoo_regularizers.adversarial_examples import AdversarialExamples
from ganzoo_regularizers.diversity import Diversity
from ganzoo_regularizers.dragan import DRAGAN
from ganzoo_regularizers.feature_matching import FeatureMatching
from ganzoo_regularizers.gradient_penalty import GradientPenalty
from ganzoo_regularizers.historical_averaging import HistoricalAveraging
from ganzoo_regularizers.instance_noise import InstanceNoise
from ganzoo_regularizers.latent_consistency import LatentConsistency
from ganzoo_regularizers.lecam import LeCam
from ganzoo_regularizers.mode_seeking import ModeSeeking
from ganzoo_regularizers.orthogonal import Orthogonal
from ganzoo_regularizers.packing import Packing
from ganzoo_regularizers.path_length import PathLength
from ganzoo_regularizers.r1 import R1
from ganzoo_regularizers.r2 import R2
from ganzoo_regularizers.replay_buffer import ReplayBuffer
from ganzoo_regularizers.weight_clipping import WeightClipping
from ganzoo_regularizers.weight_decay import WeightDecay

GANZOO_API = "1"


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {
        "adversarial_examples": AdversarialExamples,
        "diversity": Diversity,
        "dragan": DRAGAN,
        "feature_matching": FeatureMatching,
        "gradient_penalty": GradientPenalty,
        "historical_averaging": HistoricalAveraging,
        "instance_noise": InstanceNoise,
        "latent_consistency": LatentConsistency,
        "lecam": LeCam,
        "mode_seeking": ModeSeeking,
        "orthogonal": Orthogonal,
        "packing": Packing,
        "path_length": PathLength,
        "r1": R1,
        "r2": R2,
        "replay_buffer": ReplayBuffer,
        "weight_clipping": WeightClipping,
        "weight_decay": WeightDecay,
    }
