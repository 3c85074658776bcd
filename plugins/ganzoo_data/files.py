"""Image files below a folder, as a source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ganzoo import Array, DataError, Field, Source, images

IMAGE = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)


def image_files(folder: Path) -> list[Path]:
    """Return the image files below a folder, any nesting, in a stable order; hidden ones are left out.

    Links to files are followed, links to folders are not: they can form a loop. DataError when there are none.
    """
    if not folder.is_dir():
        raise DataError(
            f"{folder}: there is no such folder{resolved(folder)}; give the folder that holds your images as data.path"
        )
    found = [
        Path(root) / name
        for root, folders, names in os.walk(folder, onerror=_unreadable)
        if not _hidden(Path(root).relative_to(folder))
        for name in names
        if not name.startswith(".") and Path(name).suffix.lower() in images.SUFFIXES
    ]
    if not found:
        raise DataError(f"{folder}: holds no images; expected files ending in {', '.join(images.SUFFIXES)}")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def resolved(path: Path) -> str:
    """Return where a relative path leads, for a message; nothing for an absolute one."""
    return "" if path.is_absolute() else f" (relative to the current folder, this is {path.absolute()})"


def size_of(path: Path) -> int:
    """Return the bytes of a file; DataError when it is gone or a link to nothing."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _unreadable(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error


class ImageFiles(Source):
    """Images by file; `skipped` names those that were left out."""

    fields = {"image": IMAGE}

    def __init__(self, paths: Sequence[Path], root: Path, skipped: Sequence[str] = ()) -> None:
        self._paths = list(paths)
        self._root = root
        self.skipped = tuple(skipped)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> dict[str, Array]:
        return {"image": images.read_image(self._paths[index])}

    def name_of(self, index: int) -> str:
        return str(self._paths[index])

    def fingerprint(self) -> str:
        return "\n".join(f"{path.relative_to(self._root).as_posix()} {size_of(path)}" for path in self._paths)
