"""Pairs of image files, by name."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path

from ganzoo import Array, DataError, Field, Source, images
from ganzoo_data.files import header_of, image_files, size_of


class PairedFiles(Source):
    """Pairs of image files, of two names with 1 or 3 channels; examples are called as their second file is."""

    def __init__(self, pairs: Sequence[tuple[Path, Path]], channels: Mapping[str, int]) -> None:
        self._pairs = list(pairs)
        self._channels = dict(channels)
        self.fields = {
            name: Field(shape=(None, None, count), dtype="uint8", low=0, high=255) for name, count in channels.items()
        }

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, Array]:
        found = {}
        for (name, channels), path in zip(self._channels.items(), self._pairs[index], strict=True):
            image = images.read_image(path)
            found[name] = images.grey(image) if channels == 1 else image
        return found

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        for pair in self._pairs:
            yield _shapes(pair, self._channels)

    def name_of(self, index: int) -> str:
        return str(self._pairs[index][1])

    def fingerprint(self) -> str:
        return "\n".join(f"{path.name} {size_of(path)}" for pair in self._pairs for path in pair)


def paired_by_name(first: Path, second: Path, *, ending: re.Pattern[str] | None = None) -> list[tuple[Path, Path]]:
    """Return the images of two folders that have one name, any suffix; DataError where one has no partner.

    `ending` is what the name of a first image may have in addition.
    """
    partners = _by_name(second)
    mine = _by_name(first, partners=partners, ending=ending)
    if alone := sorted(set(partners) ^ set(mine)):
        raise DataError(f"{second} and {first}: {len(alone)} images lack a partner, '{alone[0]}' first")
    return [(mine[name], partners[name]) for name in sorted(partners)]


def _shapes(pair: tuple[Path, Path], channels: Mapping[str, int]) -> Mapping[str, tuple[int, ...]] | DataError:
    found: dict[str, tuple[int, ...]] = {}
    for path, (name, count) in zip(pair, channels.items(), strict=True):
        header = header_of(path, name)
        if isinstance(header, DataError):
            return header
        found[name] = (*header[name][:2], count)
    return found


def _by_name(
    folder: Path, partners: Container[str] | None = None, ending: re.Pattern[str] | None = None
) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in image_files(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if ending is not None and partners is not None and name not in partners:
            name = ending.sub("", name)
        if name in found:
            raise DataError(f"{path}: has the same name as {found[name]}; pairs need one file each")
        found[name] = path
    return found
