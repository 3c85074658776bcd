"""Digits and their coloured, inverted twins: a translation whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Dataset, Metric, hookimpl
from ganzoo_coloured_digits.coloured_digits import ColouredDigits
from ganzoo_coloured_digits.translated_digits import TranslatedDigits

GANZOO_API = "1"


@hookimpl
def ganzoo_register_datasets() -> Mapping[str, type[Dataset]]:
    return {"coloured_digits": ColouredDigits}


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"translated_digits": TranslatedDigits}
