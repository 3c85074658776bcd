"""The task of enlarging photographs, and ways in which they became small and bad."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Degradation, Task, hookimpl
from ganzoo_super_resolution.bicubic import Bicubic
from ganzoo_super_resolution.classical import Classical
from ganzoo_super_resolution.second_order import SecondOrder
from ganzoo_super_resolution.super_resolution import SuperResolution

GANZOO_API = "1"


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"super_resolution": SuperResolution}


@hookimpl
def ganzoo_register_degradations() -> Mapping[str, type[Degradation]]:
    return {"bicubic": Bicubic, "classical": Classical, "second_order": SecondOrder}
