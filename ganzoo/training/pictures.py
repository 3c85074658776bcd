"""Checks of the pictures of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ganzoo.blame import broken_contract
from ganzoo.contracts.results import Picture
from ganzoo.contracts.task import Task

_AXES = 3


def require_picture(task: Task, what: str, picture: Any) -> Picture:
    """Return the picture; PluginError naming the task when it is not an image, a text or the columns of a table."""
    if isinstance(picture, str) or _is_table(picture) or _is_image(picture):
        found: Picture = picture
        return found
    is_array = isinstance(picture, np.ndarray)
    received = f"{'x'.join(map(str, picture.shape))} {picture.dtype}" if is_array else type(picture).__name__
    expected = "uint8, height x width x 1 or 3, a text, or columns of one length by name"
    raise broken_contract(task, "task", f"{what} {received}, expected {expected}")


def _is_image(picture: Any) -> bool:
    is_array = isinstance(picture, np.ndarray) and picture.dtype == np.uint8
    return is_array and picture.ndim == _AXES and picture.shape[2] in (1, _AXES) and picture.size > 0


def _is_table(picture: Any) -> bool:
    if not isinstance(picture, Mapping) or not picture:
        return False
    return all(isinstance(column, np.ndarray) and column.ndim == 1 for column in picture.values()) and (
        len({len(column) for column in picture.values()}) == 1
    )
