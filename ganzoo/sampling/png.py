"""PNG files written row by row, with 8 or 16 bits: Pillow wants a whole image in memory, and has no 16-bit colour."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_SUB, _UP, _AVERAGE = 1, 2, 3
#: Rows that are filtered at once.
_ROWS = 8
#: A twentieth larger than at the usual level 6, in a third of its time.
_LEVEL = 4


def write_png(
    file: IO[bytes],
    size: tuple[int, int],
    bands: Iterable[Array],
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Write bands of rows (rows x width x 1 to 4, all uint8 or all uint16) as one PNG of (height, width).

    `exif` is a TIFF header with its tags, without the `Exif` that JPEG puts before it, `texts` are by keyword.
    """
    height, width = size
    rest = iter(bands)
    band = next(rest)
    depth, channels = band.dtype.itemsize * 8, band.shape[2]
    file.write(_SIGNATURE)
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPES[channels], 0, 0, 0)
    _chunk(file, b"IHDR", header)
    if icc is not None:
        _chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
    if exif is not None:
        _chunk(file, b"eXIf", exif)
    for keyword, text in (texts or {}).items():
        _chunk(file, b"iTXt", keyword.encode("latin-1") + bytes(5) + text.encode())
    packer = zlib.compressobj(_LEVEL)
    above = np.zeros(width * channels * depth // 8, np.uint8)
    for each in chain([band], rest):
        rows = _bytes_of(each)
        for first in range(0, len(rows), _ROWS):
            part = rows[first : first + _ROWS]
            _chunk(file, b"IDAT", packer.compress(_filtered(part, above, channels * depth // 8)))
            above = part[-1]
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def _bytes_of(band: Array) -> Array:
    return np.ascontiguousarray(band.astype(f">u{band.dtype.itemsize}")).view(np.uint8).reshape(len(band), -1)


def _filtered(rows: Array, above: Array, step: int) -> bytes:
    """Return the rows, each with the filter whose differences are smallest (PNG specification, 12.7)."""
    up = np.concatenate([above[None], rows[:-1]])
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    average = ((left.astype(np.uint16) + up) // 2).astype(np.uint8)
    tried = np.stack([rows - left, rows - up, rows - average])
    sums = np.abs(tried.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = sums.argmin(axis=0)
    kinds = np.array([_SUB, _UP, _AVERAGE], np.uint8)[best]
    return np.concatenate([kinds[:, None], tried[best, np.arange(len(rows))]], axis=1).tobytes()


def _chunk(file: IO[bytes], kind: bytes, content: bytes) -> None:
    if content or kind == b"IEND":
        check = zlib.crc32(kind + content)
        file.write(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check))
