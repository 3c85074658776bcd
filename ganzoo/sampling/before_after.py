"""A sheet of photographs before and after a network has processed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images
from ganzoo.sampling.drawing import draw_columns

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: The sheet shows the centres of the first photographs, so many pixels of the results wide and high.
_SIDE, _MOST = 256, 12


class BeforeAfter:
    """Collects the centres of photographs and of their results, which are `scale` times as large."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self._before: list[Array] = []
        self._after: list[Array] = []

    def watched(self, photograph: Array, bands: Iterable[Array]) -> Iterator[Array]:
        """Yield the bands of a result as they are, and keep its centre and the photograph's once all have come."""
        side = _SIDE // self.scale
        top, left = (max((length - side) // 2, 0) for length in photograph.shape[:2])
        wanted = range(top * self.scale, min(top + side, photograph.shape[0]) * self.scale)
        columns = slice(left * self.scale, (left + side) * self.scale)
        done, kept = 0, []
        for band in bands:
            kept.append(band[max(wanted.start - done, 0) : max(wanted.stop - done, 0), columns].copy())
            done += len(band)
            yield band
        if len(self._after) < _MOST:
            self._after.append(_shown(np.concatenate(kept)))
            before = _shown(photograph[top : top + side, left : left + side])
            self._before.append(images.resize_bicubic(before, self._after[-1].shape[:2]))

    def sheet(self) -> Array:
        """Return a column of photographs, enlarged by bicubic interpolation where smaller, and one of results."""
        columns = {"before": self._before, "after": self._after}
        return draw_columns((name, [_framed(each) for each in column]) for name, column in columns.items())


def _shown(image: Array) -> Array:
    colours = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    return colours if colours.dtype == np.uint8 else images.to_uint8(colours)


def _framed(image: Array) -> Array:
    """Return the image on a white square, as all on a sheet have one size."""
    framed = np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    framed[: image.shape[0], : image.shape[1]] = image
    return framed
