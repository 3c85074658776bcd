"""EXIF of a photograph that was turned upright and resized, changed in place: maker notes hold offsets into it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_PREFIX = b"Exif\0\0"
_ORIENTATION, _EXIF_TABLE = 0x0112, 0x8769
_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_SHORT, _LONG = 3, 4
_UPRIGHT = 1


def upright_exif(exif: bytes, size: tuple[int, int]) -> bytes:
    """Return EXIF (a TIFF header with its tags) that states the orientation 1 and this (height, width).

    Tags that are missing stay missing, tags that cannot be read stay as they are.
    """
    content = bytearray(exif.removeprefix(_PREFIX))
    order = {b"II": "<", b"MM": ">"}.get(bytes(content[:2]))
    if order is None:
        return bytes(content)
    values = {_ORIENTATION: _UPRIGHT, **dict.fromkeys(_WIDTHS, size[1]), **dict.fromkeys(_HEIGHTS, size[0])}
    for place, tag, kind in _entries(content, order):
        if tag in values and kind == _SHORT and values[tag] < 2**16:
            struct.pack_into(f"{order}HH", content, place + 8, values[tag], 0)
        elif tag in values and kind in (_SHORT, _LONG):
            struct.pack_into(f"{order}H", content, place + 2, _LONG)
            struct.pack_into(f"{order}I", content, place + 8, values[tag])
    return bytes(content)


def _entries(content: bytearray, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield (offset, tag, type) of the entries of the image's table and of the camera's."""
    try:
        tables = [struct.unpack_from(f"{order}I", content, 4)[0]]
        for table in tables:
            (count,) = struct.unpack_from(f"{order}H", content, table)
            for place in range(table + 2, table + 2 + 12 * count, 12):
                tag, kind, number, value = struct.unpack_from(f"{order}HHII", content, place)
                if tag == _EXIF_TABLE and len(tables) == 1:
                    tables.append(value)
                elif number == 1:
                    yield place, tag, kind
    except struct.error:
        return
