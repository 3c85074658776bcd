from __future__ import annotations

import os
from collections.abc import Sequence
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
#: Grey ones, textures and pages of scikit-image, and the two photographs of scikit-learn.
_MORE = {
    "skimage/data": ("brick.png", "camera.png", "coins.png", "grass.png", "gravel.png", "page.png", "text.png"),
    "sklearn/datasets/images": ("china.jpg", "flower.jpg"),
}


@dataclass(frozen=True, kw_only=True)
class Photos(Dataset):
    """Photographs that come with scikit-image: field `image`, RGB uint8; two are held out for validation.

    Held out are the cat and the coffee cup. With `more` the others are joined by nine that are grey, textures or pages,
    or come with scikit-learn. With `tile` each photograph is cut into as many squares of that side as fit, each an
    example of its own. Needs the extra `samples`, no network.
    """

    split: Literal["train", "validation"] = "train"
    more: bool = False
    tile: Annotated[int, Ge(16)] | None = None

    def open(self) -> Source:
        paths = _files("skimage/data", _FILES[self.split])
        root = paths[0].parent
        if self.more and self.split == "train":
            paths += [path for folder, names in _MORE.items() for path in _files(folder, names)]
            root = Path(os.path.commonpath(paths))
        photographs = ImageFiles(paths, root)
        return photographs if self.tile is None else Tiles(photographs, self.tile)


def _files(folder: str, names: Sequence[str]) -> list[Path]:
    """Return files that come with a package; DataError when it is missing or lacks them."""
    package, _, below = folder.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError('photos: need scikit-image and scikit-learn; run pip install "keras-ganzoo[samples]"')
    paths = [Path(spec.origin).parent / below / name for name in names]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise DataError(f"photos: this {package} lacks {', '.join(missing)}; install a newer version")
    return paths
