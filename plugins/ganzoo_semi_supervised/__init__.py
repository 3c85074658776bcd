"""Classification with few labels (Salimans 2016, arXiv 1606.03498)."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Metric, Task, hookimpl
from ganzoo_semi_supervised.classification_error import ClassificationError
from ganzoo_semi_supervised.matching_classifier import MatchingClassifier
from ganzoo_semi_supervised.matching_generator import MatchingGenerator
from ganzoo_semi_supervised.semi_supervised import SemiSupervised

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"matching_classifier": MatchingClassifier, "matching_generator": MatchingGenerator}


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"classification_error": ClassificationError}


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"semi_supervised": SemiSupervised}
