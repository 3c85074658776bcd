"""What can be asked of a generator for several tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from ganzoo import sampling
from ganzoo_multi_task.jobs import TaskName


@dataclass(frozen=True, kw_only=True)
class MultiTaskOptions(sampling.PhotographOptions):
    """Which tasks are wanted.

    `tasks` are names with commas between them, which are applied one after the other: `style,super_resolution`. `mask`
    is the file of an image of the photograph's size that is bright where inpainting shall fill it.
    """

    tasks: str = ""
    mask: str | None = None

    def __post_init__(self) -> None:
        known = get_args(TaskName)
        if unknown := [name for name in self.names if name not in known]:
            raise ValueError(f"tasks has '{unknown[0]}', expected some of {', '.join(known)}")
        if self.mask is not None and "inpainting" not in self.names:
            raise ValueError("mask has no effect without inpainting among the tasks")

    @property
    def names(self) -> tuple[TaskName, ...]:
        """The names of the tasks in order."""
        return cast("tuple[TaskName, ...]", tuple(name.strip() for name in self.tasks.split(",") if name.strip()))
