"""Scores by a small classifier that is trained on the data themselves: asked classes, lost modes, Fréchet distance."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Metric, hookimpl
from ganzoo_classifier.class_accuracy import ClassAccuracy
from ganzoo_classifier.class_modes import ClassModes
from ganzoo_classifier.classifier_frechet import ClassifierFrechet

GANZOO_API = "1"


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {
        "class_accuracy": ClassAccuracy,
        "class_modes": ClassModes,
        "classifier_frechet": ClassifierFrechet,
    }
