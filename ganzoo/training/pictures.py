"""What a picture of a task must be."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganzoo.blame import broken_contract
from ganzoo.contracts.task import Task
from ganzoo.contracts.tensor import Array

_AXES = 3


def require_picture(task: Task, what: str, picture: Any) -> Array:
    """Return the picture; PluginError naming the task when it is not uint8, height x width x 3."""
    is_array = isinstance(picture, np.ndarray)
    if is_array and picture.dtype == np.uint8 and picture.ndim == _AXES and picture.shape[2] == _AXES and picture.size:
        found: Array = picture
        return found
    received = f"{'x'.join(map(str, picture.shape))} {picture.dtype}" if is_array else type(picture).__name__
    raise broken_contract(task, "task", f"{what} {received}, expected uint8, height x width x 3")
