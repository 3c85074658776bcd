"""The tasks of translating images into images: from pairs, and between two sets without pairs."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Metric, Task, hookimpl
from ganzoo_translation.cycle_error import CycleError
from ganzoo_translation.paired_translation import PairedTranslation
from ganzoo_translation.unpaired_translation import UnpairedTranslation

GANZOO_API = "1"


@hookimpl
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:
    return {"cycle_error": CycleError}


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"paired_translation": PairedTranslation, "unpaired_translation": UnpairedTranslation}
