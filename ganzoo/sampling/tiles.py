"""Image-to-image networks over images of any size, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Network

_CHANNELS = 3
#: Those of super-resolution, for a network whose file does not say in which tiles it is to work.
TILE, OVERLAP = 192, 40


def apply_in_tiles(network: Network, image: Array, *, scale: int = 1, tile: int, overlap: int) -> Array:
    """Return what an image-to-image network makes of one image, `scale` times as large, in inference mode.

    uint8 images give uint8, floats in [-1, 1] give floats. Tiles of `tile` input pixels are computed with `overlap`
    more on each side, which is cut away: where the overlap is at least the network's receptive field, no seam appears.
    Beside input and result, memory holds one row of tiles.
    """
    height, width = image.shape[:2]
    result = np.empty((height * scale, width * scale, _CHANNELS), _dtype(image))
    done = 0
    for band in apply_in_bands(network, image, scale=scale, tile=tile, overlap=overlap):
        result[done : done + len(band)] = band
        done += len(band)
    return result


def apply_in_bands(
    network: Network,
    image: Array,
    *,
    scale: int = 1,
    tile: int,
    overlap: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Array]:
    """Yield the same result from top to bottom, one row of tiles at a time; `progress` is told tiles done and all."""
    height, width = image.shape[:2]
    rows, columns = list(_spans(height, tile)), list(_spans(width, tile))
    for row, (top, bottom) in enumerate(rows):
        band = np.empty(((bottom - top) * scale, width * scale, _CHANNELS), _dtype(image))
        for column, (left, right) in enumerate(columns):
            above, before = max(top - overlap, 0), max(left - overlap, 0)
            piece = _call(network, image[above : bottom + overlap, before : right + overlap])
            kept = piece[(top - above) * scale :, (left - before) * scale :]
            band[:, left * scale : right * scale] = kept[: (bottom - top) * scale, : (right - left) * scale]
            progress(row * len(columns) + column + 1, len(rows) * len(columns))
        yield band


def _dtype(image: Array) -> type[np.uint8] | type[np.float32]:
    return np.uint8 if image.dtype == np.uint8 else np.float32


def _spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    """Yield equal spans of at most `tile`."""
    count = -(-length // tile)
    borders = [round(index * length / count) for index in range(count + 1)]
    yield from pairwise(borders)


def _call(network: Network, image: Array) -> Array:
    import torch

    is_bytes = image.dtype == np.uint8
    given = images.to_float(image) if is_bytes else np.ascontiguousarray(image)
    with torch.inference_mode():
        found: Array = network(given[None], training=False)[0].cpu().numpy()
    return images.to_uint8(found) if is_bytes else found
