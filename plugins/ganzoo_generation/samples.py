"""Samples at the edge (images as uint8, points as floats) and as networks see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError, Field, images

if TYPE_CHECKING:
    import keras
    import torch

#: How many samples are made at once, so that their number is not limited by memory.
_CHUNK = 64


def sample_field(name: str, fields: Mapping[str, Field]) -> Field:
    """Return what networks see of field `name`: images in [-1, 1], points as they are; DataError if it is neither."""
    if name not in fields:
        offered = ", ".join(f"'{known}' ({field})" for known, field in fields.items()) or "(none)"
        raise DataError(f"the data have no field '{name}' to generate; set task.field to one of: {offered}")
    field = fields[name]
    if None not in field.shape:
        if field.dtype == "uint8" and len(field.shape) == 3 and field.shape[-1] in (1, 3):
            return Field(shape=field.shape, low=-1, high=1)
        if field.dtype.startswith("float") and len(field.shape) == 1 and field.shape[0] != 1:
            return Field(shape=field.shape, low=field.low, high=field.high)
    raise DataError(
        f"field '{name}' is {field}; generation needs images of one size (uint8, height x width x 1 or 3) "
        "or points (floats, 2 or more values)"
    )


def to_network(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return one example as networks see it."""
    return images.to_float(values) if values.dtype == np.uint8 else values.astype(np.float32)


def make_samples(generator: keras.Model, latents: NDArray[np.float32] | torch.Tensor) -> NDArray[Any]:
    """Return what the generator makes of these latents in inference mode, at the edge."""
    import keras
    import torch

    with torch.no_grad():
        chunks = keras.ops.convert_to_tensor(latents).split(_CHUNK)
        return np.concatenate([_at_the_edge(generator(chunk, training=False)) for chunk in chunks])


def _at_the_edge(samples: torch.Tensor) -> NDArray[Any]:
    values = samples.cpu().numpy()
    return images.to_uint8(values) if values.ndim == 4 else values
