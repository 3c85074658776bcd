"""The task of enlarging photographs."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Task, hookimpl
from ganzoo_super_resolution.super_resolution import SuperResolution

GANZOO_API = "1"


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"super_resolution": SuperResolution}
