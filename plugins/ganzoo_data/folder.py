from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from ganzoo import DataError, Dataset, Field, Source, images, sources
from ganzoo_data.files import ImageFiles, class_names, find_images
from ganzoo_data.resizing import Change
from ganzoo_data.splitting import Split, part_of

Side = Annotated[int, Ge(1), Le(65_536)]

_FRACTION = 0.1


@dataclass(frozen=True, kw_only=True)
class Folder(Dataset):
    """Images (PNG, JPEG, WebP, TIFF, BMP) in a folder, any nesting: field `image`, RGB uint8.

    With `size` (a number for squares, or [height, width]) every image is brought to it: `resize = "crop"` scales the
    short side and cuts the centre out, "fit" scales the whole and pads it with white, "stretch" gives up proportions.
    `channels = 1` makes them grey. `limit` takes the first so many by name.

    With `classes` each image has a `label` too: the folder directly below `path` that it lies in, by name. `per_class`
    takes so many images of each class, chosen by `label_seed`.

    `split` takes a part: about `fraction` of the images, one at least, are held out as "validation". An image's side
    follows from its name: another one added moves none.

    A bad image stops the run and is named; `on_bad_image = "skip"` decodes every file once at the start, leaves the bad
    ones out, always the same, and lists them in the run's manifest.
    """

    path: str
    size: Side | tuple[Side, Side] | None = None
    resize: images.Resize = "crop"
    channels: Literal[1, 3] = 3
    limit: Annotated[int, Ge(1)] | None = None
    classes: bool = False
    per_class: Annotated[int, Ge(1)] | None = None
    label_seed: Annotated[int, Ge(0)] = 0
    split: Split = "all"
    fraction: Annotated[float, Gt(0), Lt(1)] = _FRACTION
    on_bad_image: Literal["fail", "skip"] = "fail"

    def __post_init__(self) -> None:
        if self.size is None and self.resize != "crop":
            raise ValueError("resize has no effect without size")
        if self.split == "all" and self.fraction != _FRACTION:
            raise ValueError("fraction has no effect while split is 'all'")
        if self.per_class is not None and not self.classes:
            raise ValueError("per_class needs classes = true")

    def open(self) -> Source:
        files = self._files()
        return files if self.per_class is None else sources.per_class(files, self.per_class, seed=self.label_seed)

    def _files(self) -> ImageFiles:
        root = Path(self.path).expanduser()
        found = find_images(root)
        paths = part_of(found.paths[: self.limit], root, self.split, self.fraction)
        bad = {path for path in paths if _is_bad(path)} if self.on_bad_image == "skip" else set()
        good = [path for path in paths if path not in bad]
        if not good:
            raise DataError(f"{root}: none of its {len(paths)} images can be decoded")
        ignored = found.ignored_text
        return ImageFiles(
            good,
            root,
            [path.relative_to(root).as_posix() for path in paths if path in bad],
            notes=[f"{root}: {ignored}"] if ignored else [],
            classes=class_names(found.paths, root) if self.classes else (),
            image=Field(shape=(*(self._size or (None, None)), self.channels), dtype="uint8", low=0, high=255),
            change=Change(self._size, self.resize, self.channels) if self.size or self.channels == 1 else None,
            hint='; on_bad_image = "skip" leaves such images out' if self.on_bad_image == "fail" else "",
        )

    @property
    def _size(self) -> tuple[int, int] | None:
        return (self.size, self.size) if isinstance(self.size, int) else self.size


def _is_bad(path: Path) -> bool:
    try:
        images.read_image(path)
    except DataError:
        return True
    return False
