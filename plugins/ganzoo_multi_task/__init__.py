"""Several tasks for one generator: super-resolution, inpainting, denoising, colourization and style."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Architecture, Task, hookimpl
from ganzoo_multi_task.multi_task import MultiTask
from ganzoo_multi_task.multi_task_generator import MultiTaskGenerator

GANZOO_API = "1"


@hookimpl
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:
    return {"multi_task_generator": MultiTaskGenerator}


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {"multi_task": MultiTask}
