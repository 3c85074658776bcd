"""The task of painting photographs in the style of paintings."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Task, hookimpl
from ganzoo_style_transfer.style_transfer import StyleTransfer

GANZOO_API = "1"


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"style_transfer": StyleTransfer}
