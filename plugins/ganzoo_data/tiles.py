"""Squares of images, as examples of their own."""

from __future__ import annotations

from ganzoo import Array, DataError, Field, Source


class Tiles(Source):
    """As many squares of one side as fit into each image of a source that is small enough to be held in memory."""

    def __init__(self, source: Source, side: int) -> None:
        self._source = source
        self._side = side
        self.fields = {"image": Field(shape=(side, side, 3), dtype="uint8", low=0, high=255)}
        self._photographs = [source[index]["image"] for index in range(len(source))]
        self._corners = [
            (index, top, left)
            for index, image in enumerate(self._photographs)
            for top in range(0, image.shape[0] - side + 1, side)
            for left in range(0, image.shape[1] - side + 1, side)
        ]
        if not self._corners:
            raise DataError(f"no image is as large as a tile of {side} pixels; lower data.tile")

    def __len__(self) -> int:
        return len(self._corners)

    def __getitem__(self, index: int) -> dict[str, Array]:
        photograph, top, left = self._corners[index]
        return {"image": self._photographs[photograph][top : top + self._side, left : left + self._side]}

    def name_of(self, index: int) -> str:
        photograph, top, left = self._corners[index]
        return f"{self._source.name_of(photograph)} at ({top}, {left})"

    def fingerprint(self) -> str:
        return f"{self._source.fingerprint()}\ntiles of {self._side}"
