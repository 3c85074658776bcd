"""Photographs that a Python program gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_IMAGE_AXES = 3


def _as_photograph(given: str | Path | Array) -> Array:
    """Return a file (read as RGB) or an array as height x width x 3, uint8 or floats from -1 to 1; DataError else."""
    image = images.read_image(given) if isinstance(given, str | Path) else np.asarray(given)
    if image.ndim != _IMAGE_AXES or image.shape[2] != 3 or 0 in image.shape:
        shape = " x ".join(map(str, image.shape))
        raise DataError(f"enlarge: expected an image of height x width x 3, received {shape or 'a single value'}")
    is_float = image.dtype.kind == "f"
    if image.dtype != np.uint8 and not is_float:
        raise DataError(f"enlarge: expected uint8 or floats from -1 to 1, received {image.dtype}")
    if is_float and not (image.min() >= -1 and image.max() <= 1):
        raise DataError(f"enlarge: expected floats from -1 to 1, received {image.min():g} to {image.max():g}")
    return image


def enlarged(photograph: str | Path | Array, enlarge: Callable[[Array], Array]) -> Array:
    """Return what `enlarge` makes of a photograph in the type that was given.

    It receives uint8, or float32 for floats of any size.
    """
    given = _as_photograph(photograph)
    made = enlarge(given if given.dtype == np.uint8 else given.astype(np.float32))
    return made.astype(given.dtype, copy=False)
