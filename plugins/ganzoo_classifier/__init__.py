"""A small classifier that is trained on the data themselves: its features, and scores by its classes."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Extractor, Metric, hookimpl
from ganzoo_classifier.class_accuracy import ClassAccuracy
from ganzoo_classifier.class_modes import ClassModes
from ganzoo_classifier.extractor import ClassifierFeatures
from ganzoo_classifier.train_on_synthetic import TrainOnSynthetic

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Extractor]]:
    return {"classifier": ClassifierFeatures}


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {
        "class_accuracy": ClassAccuracy,
        "class_modes": ClassModes,
        "train_on_synthetic": TrainOnSynthetic,
    }
