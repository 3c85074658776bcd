"""Image files below a folder, as a source."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ganzoo import Array, DataError, Field, Source, images

IMAGE = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")

_FEWEST_CLASSES = 2

#: So many kinds of other files are named.
_KINDS = 5

#: Where storage boxes and macOS keep previews of the images beside them; counted as hidden.
_PREVIEWS = ("@eaDir", "__MACOSX")


@dataclass
class Found:
    """The image files below a folder in a stable order, and how many other files there are, by suffix."""

    paths: list[Path]
    others: Counter[str] = field(default_factory=Counter)
    hidden: int = 0

    @property
    def ignored_text(self) -> str | None:
        """Say what is not read, with counts; None where everything is."""
        ranked = sorted(self.others.items(), key=lambda item: (-item[1], item[0]))
        kinds = [f"{count} {suffix or 'without suffix'}" for suffix, count in ranked[:_KINDS]]
        if rest := sum(count for _, count in ranked[_KINDS:]):
            kinds.append(f"{rest} others")
        if self.hidden:
            kinds.append(f"{self.hidden} hidden")
        return f"ignored: {', '.join(kinds)}{images.conversion(self.others)}" if kinds else None


def image_files(folder: Path) -> list[Path]:
    """Return the image files below a folder, any nesting, in a stable order; hidden ones are left out.

    Links to files are followed, links to folders are not: they can form a loop. DataError when there are none.
    """
    return find_images(folder).paths


def find_images(folder: Path) -> Found:
    """Return the image files of `image_files`, and what else is there."""
    if not folder.is_dir():
        raise DataError(f"{folder}: {_no_folder(folder)}")
    found = Found([])
    for root, folders, names in os.walk(folder, onerror=_unreadable):
        found.hidden += sum(map(_is_hidden, [*folders, *names]))
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for path in (Path(root) / name for name in names if not _is_hidden(name)):
            if path.suffix.lower() in images.SUFFIXES:
                found.paths.append(path)
            else:
                found.others[path.suffix.lower()] += 1
    if not found.paths:
        ignored = found.ignored_text
        raise DataError(
            f"{folder}: holds no images; expected files ending in {', '.join(images.SUFFIXES)}"
            + (f" ({ignored})" if ignored else "")
        )
    found.paths.sort(key=lambda path: path.relative_to(folder).as_posix())
    return found


def class_names(paths: Sequence[Path], root: Path) -> tuple[str, ...]:
    """Return the names of the folders directly below `root` that hold these images, sorted.

    DataError where images lie in `root` itself, and where there are fewer than two such folders.
    """
    outside = [path for path in paths if path.parent == root]
    if outside:
        raise DataError(f"{outside[0]}: has no class; with data.classes each image lies in a folder of its class")
    names = sorted({_class_of(path, root) for path in paths})
    if len(names) < _FEWEST_CLASSES:
        raise DataError(f"{root}: holds one folder of images, '{names[0]}'; classes need two or more")
    return tuple(names)


def _class_of(path: Path, root: Path) -> str:
    return path.relative_to(root).parts[0]


def _no_folder(path: Path) -> str:
    if not path.is_file():
        return f"there is no such folder{resolved(path)}; give the path of the folder that holds your images"
    is_archive = path.suffix.lower() in _ARCHIVES
    return f"is {'an archive; unpack it, and give' if is_archive else 'a file; give'} the folder that holds your images"


def resolved(path: Path) -> str:
    """Return where a relative path leads, for a message; nothing for an absolute one."""
    return "" if path.is_absolute() else f" (relative to the current folder, this is {path.absolute()})"


def size_of(path: Path) -> int:
    """Return the bytes of a file; DataError when it is gone or a link to nothing."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def header_of(path: Path, name: str = "image") -> Mapping[str, tuple[int, ...]] | DataError:
    """Return the shape of an RGB image by its field's name, read from its header, or why it cannot be read."""
    try:
        return {name: (*images.read_size(path), 3)}
    except DataError as error:
        return error


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _PREVIEWS


def _unreadable(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error


class ImageFiles(Source):
    """Images by file, each changed by `change`; `skipped` names those that were left out, `hint` ends refusals.

    With `classes` the name of the folder below `root` in which an image lies is its label.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        root: Path,
        skipped: Sequence[str] = (),
        *,
        notes: Sequence[str] = (),
        image: Field = IMAGE,
        classes: Sequence[str] = (),
        change: Callable[[Array], Array] | None = None,
        hint: str = "",
    ) -> None:
        self._paths = list(paths)
        self._root = root
        self._change = change
        self._hint = hint
        self.skipped = tuple(skipped)
        self.notes = tuple(notes)
        self._classes = tuple(classes)
        self.fields = {"image": image}
        if classes:
            self.fields["label"] = Field(shape=(), dtype="int32", low=0, high=len(classes) - 1, names=self._classes)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> dict[str, Array]:
        try:
            image = images.read_image(self._paths[index])
        except DataError as error:
            raise DataError(f"{error}{self._hint}") from error
        example = {"image": image if self._change is None else self._change(image)}
        if self._classes:
            name = _class_of(self._paths[index], self._root)
            example["label"] = np.asarray(self._classes.index(name), np.int32)
        return example

    def column(self, name: str) -> Array:
        if name != "label":
            return super().column(name)
        return np.array([self._classes.index(_class_of(path, self._root)) for path in self._paths], np.int32)

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        shape = self.fields["image"].shape
        fixed = {"image": tuple(side for side in shape if isinstance(side, int))} if None not in shape else None
        for path in self._paths:
            found = header_of(path)
            if isinstance(found, DataError):
                yield DataError(f"{found}{self._hint}")
            else:
                yield fixed or found

    def name_of(self, index: int) -> str:
        return str(self._paths[index])

    def fingerprint(self) -> str:
        return "\n".join(f"{path.relative_to(self._root).as_posix()} {size_of(path)}" for path in self._paths)
