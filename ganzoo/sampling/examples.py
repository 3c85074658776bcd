"""Examples at the edge (images as uint8) and as networks see them (floats in [-1, 1])."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.tensor import Array, Example, Tensor

#: How many samples are made at once, so that memory does not limit their number.
_CHUNK = 64
_IMAGE_AXES = 3


def spread(source: Source, count: int) -> list[int]:
    """Return the numbers of `count` examples from the first to the last, or of all where there are fewer."""
    return [int(at) for at in np.linspace(0, len(source) - 1, min(count, len(source))).round()]


def stack_examples(source: Source, indices: Iterable[int], names: Sequence[str]) -> dict[str, Array]:
    """Return these fields of these examples, stacked along a first axis."""
    examples = [source[int(index)] for index in indices]
    return {name: np.stack([example[name] for example in examples]) for name in names}


def to_network(values: Array) -> Array:
    """Return one example as networks see it: uint8 images in [-1, 1], numbers as float32."""
    return images.to_float(values) if values.dtype == np.uint8 else values.astype(np.float32)


def to_edge(values: Array) -> Array:
    """Return a batch for display: images (n, h, w, c) as uint8, other values unchanged."""
    is_images = values.ndim == _IMAGE_AXES + 1 and values.dtype.kind == "f" and values.shape[-1] in (1, 3)
    return images.to_uint8(values) if is_images else values


def to_tensors(arrays: Mapping[str, Array]) -> dict[str, Tensor]:
    """Return arrays as tensors on the training device."""
    import torch

    from ganzoo.execution.keras_internals import get_device

    return {name: torch.from_numpy(np.ascontiguousarray(value)).to(get_device()) for name, value in arrays.items()}


def in_chunks(make: Callable[..., Tensor], *inputs: Tensor, size: int = _CHUNK) -> Array:
    """Return what `make` gives for these inputs, computed without gradients in chunks along the first axis."""
    import torch

    with torch.no_grad():
        chunks = zip(*(torch.split(values, size) for values in inputs), strict=True)
        return np.concatenate([make(*chunk).cpu().numpy() for chunk in chunks])


def as_arrays(tensors: Mapping[str, Tensor]) -> Example:
    """Return tensors as arrays on the host."""
    return {name: value.detach().cpu().numpy() for name, value in tensors.items()}
