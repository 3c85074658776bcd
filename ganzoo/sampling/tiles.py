"""Image-to-image networks over images of any size, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Network

#: Those of super-resolution, for a network whose file does not say in which tiles it is to work.
TILE, OVERLAP = 192, 40


def apply_in_tiles(
    network: Network, image: Array, *, scale: int = 1, tile: int, overlap: int, blend: bool = False, multiple: int = 1
) -> Array:
    """Return what an image-to-image network makes of one image, `scale` times as large, in inference mode.

    uint8 images give uint8, floats in [-1, 1] give floats, with as many channels as the network makes. Tiles of `tile`
    input pixels are computed with `overlap` more on each side, which is cut away: where the overlap is at least the
    network's receptive field, no seam appears. For networks that see further, `blend` mixes neighbouring tiles
    linearly across twice the overlap instead. The network sees sides that are multiples of `multiple`; what is missing
    is reflected. Beside input and result, memory holds one row of tiles.
    """
    bands = apply_in_bands(network, image, scale=scale, tile=tile, overlap=overlap, blend=blend, multiple=multiple)
    first = next(bands)
    result = np.empty((image.shape[0] * scale, *first.shape[1:]), first.dtype)
    result[: len(first)] = first
    done = len(first)
    for band in bands:
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
    blend: bool = False,
    multiple: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Array]:
    """Yield the same result from top to bottom, one row of tiles at a time; `progress` is told tiles done and all.

    ValueError when tiles would be blended with more than their neighbours: `overlap` must be at most a quarter of
    `tile`.
    """
    if blend and 4 * overlap > tile:
        raise ValueError(f"tiles of {tile} cannot be blended with an overlap of {overlap}; a quarter is the most")
    join = _blended if blend else _cut
    as_bytes = image.dtype == np.uint8
    rows, columns = (_pieces(length, tile, overlap) for length in image.shape[:2])

    def strip(number: int, row: _Piece) -> Array:
        def results() -> Iterator[Array]:
            for done, column in enumerate(columns, number * len(columns) + 1):
                part = image[row.first : row.last, column.first : column.last]
                made = _call(network, part, scale, multiple)
                # as bytes at once, unless neighbours are mixed: rows of tiles are large
                yield images.to_uint8(made) if as_bytes and not blend else made
                progress(done, len(rows) * len(columns))

        return np.concatenate(list(join(columns, results(), 1, scale)), axis=1)

    strips = (strip(number, row) for number, row in enumerate(rows))
    for band in join(rows, strips, 0, scale):
        yield images.to_uint8(band) if as_bytes and blend else band


@dataclass(frozen=True)
class _Piece:
    """A piece of one axis: for what it is computed (`start` to `end`), and from what (`first` to `last`)."""

    start: int
    end: int
    first: int
    last: int


def _pieces(length: int, tile: int, overlap: int) -> list[_Piece]:
    """Return equal pieces of at most `tile`, computed from `overlap` more."""
    count = -(-length // tile)
    borders = [round(index * length / count) for index in range(count + 1)]
    return [_Piece(start, end, max(start - overlap, 0), min(end + overlap, length)) for start, end in pairwise(borders)]


def _cut(pieces: Sequence[_Piece], results: Iterable[Array], axis: int, scale: int) -> Iterator[Array]:
    for piece, result in zip(pieces, results, strict=True):
        yield _part(result, axis, (piece.start - piece.first) * scale, (piece.end - piece.first) * scale)


def _blended(pieces: Sequence[_Piece], results: Iterable[Array], axis: int, scale: int) -> Iterator[Array]:
    """Yield what belongs to one result alone, and mixtures of what two neighbours share."""
    shared: Array | None = None
    for piece, result in zip(pieces, results, strict=True):
        begin = 0
        if shared is not None:
            begin = shared.shape[axis]
            yield _mixed(shared, _part(result, axis, 0, begin), axis)
        end = result.shape[axis] - 2 * (piece.last - piece.end) * scale
        shared = _part(result, axis, end, result.shape[axis])
        yield _part(result, axis, begin, end)


def _mixed(one: Array, other: Array, axis: int) -> Array:
    length = one.shape[axis]
    share = ((np.arange(length, dtype=np.float32) + 0.5) / max(length, 1)).reshape(-1, *[1] * (one.ndim - axis - 1))
    mixed: Array = one + share * (other - one)
    return mixed


def _part(values: Array, axis: int, start: int, end: int) -> Array:
    return values[start:end] if axis == 0 else values[:, start:end]


def _call(network: Network, image: Array, scale: int, multiple: int) -> Array:
    """Return float32 values of an image, uint8 or floats, whose sides are filled up to multiples."""
    import torch

    height, width = image.shape[:2]
    if height % multiple or width % multiple:
        image = np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="symmetric")
    given = images.to_float(image) if image.dtype == np.uint8 else np.ascontiguousarray(image)
    with torch.inference_mode():
        found: Array = network(given[None], training=False)[0].cpu().numpy()
    return found[: height * scale, : width * scale]
