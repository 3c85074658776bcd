"""The tasks of translating images into images: from pairs, and from two sets without pairs."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Task, hookimpl
from ganzoo_translation.paired_translation import PairedTranslation

GANZOO_API = "1"


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"paired_translation": PairedTranslation}
