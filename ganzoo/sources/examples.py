"""One example, as data sets of other libraries give it, as arrays by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ganzoo import images
from ganzoo.errors import DataError
from ganzoo.sources.arrays import as_column

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_CHANNELS = (1, 3)
_IMAGE_AXES = 3
#: Of Pillow's modes, those of one channel.
_GREY = ("1", "L")


def named(example: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the parts of an example by name: its own, or `names` for those of a tuple; DataError when they run out."""
    if isinstance(example, Mapping):
        return {str(name): part for name, part in example.items()}
    parts = example if isinstance(example, tuple | list) else (example,)
    if len(parts) > len(names):
        raise DataError(f"examples have {len(parts)} parts, but {len(names)} names; give names=(...) with one for each")
    return dict(zip(names, parts, strict=False))


def as_array(part: Any, name: str) -> Array | None:
    """Return one part of an example as a field holds it; None for texts and whatever else is not a number.

    Pictures of Pillow become uint8, height x width x 1 or 3. Tensors of torch that are images have their channels
    first: they are put last, and floats from 0 to 1 become uint8.
    """
    if isinstance(part, Image.Image):
        grey = part.mode in _GREY
        return np.asarray(part.convert("L"))[..., None] if grey else images.from_pillow(part)
    is_tensor = type(part).__module__.partition(".")[0] == "torch"
    array = np.asarray(part.detach().cpu() if is_tensor else part)
    if array.dtype.kind not in "biuf":
        return None
    if is_tensor and array.ndim == _IMAGE_AXES and array.shape[0] in _CHANNELS:
        array = _bytes_of(array.transpose(1, 2, 0), name)
    found: Array = as_column(array[None], name)[0]
    return found


def _bytes_of(image: Array, name: str) -> Array:
    if image.dtype.kind != "f":
        return image
    if image.size and not (image.min() >= 0 and image.max() <= 1):
        raise DataError(
            f"'{name}' is an image of floats from {image.min():g} to {image.max():g}, expected 0 to 1; leave Normalize "
            "out: ganzoo scales images itself"
        )
    bytes_: Array = np.rint(image * 255).astype(np.uint8)
    return bytes_
