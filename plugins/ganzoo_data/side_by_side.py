from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt, Lt

from ganzoo import Array, DataError, Dataset, Source, images
from ganzoo_data.files import IMAGE, ImageFiles, find_images
from ganzoo_data.splitting import Split, part_of


@dataclass(frozen=True, kw_only=True)
class SideBySide(Dataset):
    """Pictures in a folder that hold a pair, one half beside the other: fields `input` and `target`, RGB uint8.

    The data of pix2pix are such pictures; `input` says which half is the input. `split` takes a part: about `fraction`
    of the pictures, one at least, are held out as "validation", each by its name.
    """

    path: str
    input: Literal["left", "right"] = "left"
    split: Split = "all"
    fraction: Annotated[float, Gt(0), Lt(1)] = 0.1

    def open(self) -> Source:
        root = Path(self.path).expanduser()
        return Halves(ImageFiles(part_of(find_images(root).paths, root, self.split, self.fraction), root), self.input)


class Halves(Source):
    """The left and the right half of each image of a source."""

    fields = {"input": IMAGE, "target": IMAGE}

    def __init__(self, whole: Source, side: Literal["left", "right"]) -> None:
        self._whole = whole
        self._names = ("input", "target") if side == "left" else ("target", "input")

    def __len__(self) -> int:
        return len(self._whole)

    def __getitem__(self, index: int) -> dict[str, Array]:
        picture = self._whole[index]["image"]
        if reason := images.no_halves(picture.shape):
            raise DataError(f"{self.name_of(index)}: {reason}")
        return dict(zip(self._names, images.halves(picture), strict=True))

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        for index, header in enumerate(self._whole.headers()):
            if isinstance(header, DataError):
                yield header
            elif reason := images.no_halves(header["image"]):
                yield DataError(f"{self.name_of(index)}: {reason}")
            else:
                height, width, channels = header["image"]
                yield dict.fromkeys(self._names, (height, width // 2, channels))

    def name_of(self, index: int) -> str:
        return self._whole.name_of(index)

    def fingerprint(self) -> str:
        return f"{self._names[0]} left\n{self._whole.fingerprint()}"
