"""Image files in folders, zips and tar files, as data sets are published."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganzoo import Array, DataError, images

_LARGEST_MEMBER = 200 * 2**20


@dataclass(frozen=True)
class Picture:
    """An image file in a folder, in a zip, or in a tar file, which can only be read in order: it has its content."""

    name: str
    path: Path
    member: str | None = None
    content: bytes | None = None

    @property
    def label(self) -> str:
        """How a message names the file: by its member where it lies in an archive."""
        return self.member or str(self.path)

    @property
    def folder(self) -> str:
        """The name of the folder that the file lies in; empty at the top of an archive."""
        return (self.path if self.member is None else Path(self.member)).parent.name

    def read(self) -> bytes:
        """Return the encoded image."""
        if self.content is not None:
            return self.content
        if self.member is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            _check_size(archive.getinfo(self.member).file_size, self.path, self.member)
            try:
                return archive.read(self.member)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise DataError(f"{self.path}: {self.member} cannot be unpacked: {error}") from error

    def decode(self) -> Array:
        """Return uint8 RGB; DataError naming a bad file."""
        return images.read_image(io.BytesIO(self.read()), name=self.label)

    def as_stored(self, array: Array, formats: Container[str]) -> Any:
        """Return what TFDS stores of the decoded `array`: the bytes of a plain RGB file of these formats, else PNG."""
        content = self.read()
        with Image.open(io.BytesIO(content), formats=images.FORMATS) as image:
            plain = image.format in formats and image.mode == "RGB" and np.array_equal(np.asarray(image), array)
        return io.BytesIO(content) if plain else Image.fromarray(array)


def pictures_of_zip(path: Path) -> list[Picture]:
    """Return the images of a zip; DataError when it is not complete."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _visible(Picture(Path(name).name, path, name) for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: is not a complete zip file: {error}") from error


def pictures_of_tar(path: Path) -> Iterator[Picture]:
    """Yield the images of a gzipped tar file in its order, none unpacked to disk; DataError when it is cut off."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            for entry in archive:
                name = Path(entry.name).name
                file = archive.extractfile(entry) if entry.isreg() and _is_visible_image(name) else None
                if file is not None:
                    _check_size(entry.size, path, entry.name)
                    yield Picture(name, path, entry.name, file.read())
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{path}: is not a complete gzipped tar file: {error}") from error


def pictures_below(folder: Path) -> list[Picture]:
    """Return the images of a folder and the folders in it."""
    return _visible(Picture(path.name, path) for path in sorted(folder.rglob("*")))


def _visible(pictures: Iterable[Picture]) -> list[Picture]:
    return [picture for picture in pictures if _is_visible_image(picture.name)]


def _is_visible_image(name: str) -> bool:
    return Path(name).suffix.lower() in images.SUFFIXES and not name.startswith(".")


def _check_size(size: int, path: Path, member: str) -> None:
    if size > _LARGEST_MEMBER:
        raise DataError(f"{path}: {member} is larger than an image should be")
