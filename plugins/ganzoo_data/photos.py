from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge

from ganzoo import DataError, Dataset, Source
from ganzoo_data.files import ImageFiles
from ganzoo_data.tiles import Tiles

#: The two halves of the stereo pair show one scene, so they stay on one side of the split.
_FILES = {
    "train": (
        "astronaut.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "motorcycle_left.png",
        "motorcycle_right.png",
        "rocket.jpg",
    ),
    "validation": ("chelsea.png", "coffee.png"),
}


@dataclass(frozen=True, kw_only=True)
class Photos(Dataset):
    """Photographs that come with scikit-image: field `image`, RGB uint8; two are held out for validation.

    Held out are the cat and the coffee cup. With `tile` each photograph is cut into as many squares of that side as
    fit, each an example of its own. Needs the extra `samples`, no network.
    """

    split: Literal["train", "validation"] = "train"
    tile: Annotated[int, Ge(16)] | None = None

    def open(self) -> Source:
        spec = find_spec("skimage")
        if spec is None or spec.origin is None:
            raise DataError('photos: need scikit-image; run pip install "keras-ganzoo[samples]"')
        folder = Path(spec.origin).parent / "data"
        paths = [folder / name for name in _FILES[self.split]]
        missing = [path.name for path in paths if not path.is_file()]
        if missing:
            raise DataError(f"photos: this scikit-image lacks {', '.join(missing)}; install version 0.24 or later")
        photographs = ImageFiles(paths, folder)
        return photographs if self.tile is None else Tiles(photographs, self.tile)
