"""Image files in folders and zips, as data sets are published."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganzoo import Array, DataError, images

_LARGEST_MEMBER = 200 * 2**20


@dataclass(frozen=True)
class Picture:
    """An image file in a folder or in a zip."""

    name: str
    path: Path
    member: str | None = None

    @property
    def folder(self) -> str:
        """The name of the folder that the file lies in; empty at the top of a zip."""
        return (self.path if self.member is None else Path(self.member)).parent.name

    def read(self) -> bytes:
        """Return the encoded image."""
        if self.member is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            if archive.getinfo(self.member).file_size > _LARGEST_MEMBER:
                raise DataError(f"{self.path}: {self.member} is larger than an image should be")
            try:
                return archive.read(self.member)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise DataError(f"{self.path}: {self.member} cannot be unpacked: {error}") from error

    def decode(self) -> Array:
        """Return uint8 RGB; DataError naming a bad file."""
        return images.read_image(io.BytesIO(self.read()), name=self.member or str(self.path))

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


def pictures_below(folder: Path) -> list[Picture]:
    """Return the images of a folder and the folders in it."""
    return _visible(Picture(path.name, path) for path in sorted(folder.rglob("*")))


def _visible(pictures: Iterable[Picture]) -> list[Picture]:
    return [
        picture
        for picture in pictures
        if Path(picture.name).suffix.lower() in images.SUFFIXES and not picture.name.startswith(".")
    ]
