from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ganzoo import DataError, Dataset, images
from ganzoo_data.files import ImageFiles, image_files


@dataclass(frozen=True, kw_only=True)
class Folder(Dataset):
    """Images (PNG, JPEG, WebP) in a folder, any nesting: field `image`, RGB uint8.

    A bad image stops the run and is named; `on_bad_image = "skip"` decodes every file once at the start, leaves the bad
    ones out, always the same, and lists them in the run's manifest.
    """

    path: str
    on_bad_image: Literal["fail", "skip"] = "fail"

    def open(self) -> ImageFiles:
        root = Path(self.path).expanduser()
        paths = image_files(root)
        bad = [path for path in paths if _is_bad(path)] if self.on_bad_image == "skip" else []
        good = [path for path in paths if path not in bad]
        if not good:
            raise DataError(f"{root}: none of its {len(paths)} images can be decoded")
        return ImageFiles(good, root, [path.relative_to(root).as_posix() for path in bad])


def _is_bad(path: Path) -> bool:
    try:
        images.read_image(path)
    except DataError:
        return True
    return False
