from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo import Array, DataError, Dataset, Source, images
from ganzoo_data.files import IMAGE, header_of, image_files, size_of

_SCALE_SUFFIX = re.compile(r"x\d$")


@dataclass(frozen=True, kw_only=True)
class PairedFolder(Dataset):
    """Low and high resolution images in two folders, paired by name: fields `lr` and `hr`, RGB uint8.

    `0001x4.png` is the partner of `0001.png`, as in DIV2K.
    """

    hr_path: str
    lr_path: str

    def open(self) -> PairedFiles:
        hr = _by_name(Path(self.hr_path).expanduser())
        lr = _by_name(Path(self.lr_path).expanduser(), partners=hr)
        alone = sorted(set(hr) ^ set(lr))
        if alone:
            raise DataError(
                f"{self.hr_path} and {self.lr_path}: {len(alone)} images lack a partner, '{alone[0]}' first"
            )
        return PairedFiles([(lr[name], hr[name]) for name in sorted(hr)])


class PairedFiles(Source):
    """Pairs of image files."""

    fields = {"lr": IMAGE, "hr": IMAGE}

    def __init__(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        self._pairs = list(pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, Array]:
        lr, hr = self._pairs[index]
        return {"lr": images.read_image(lr), "hr": images.read_image(hr)}

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        for lr, hr in self._pairs:
            small, large = header_of(lr, "lr"), header_of(hr, "hr")
            yield (
                small if isinstance(small, DataError) else large if isinstance(large, DataError) else {**small, **large}
            )

    def name_of(self, index: int) -> str:
        return str(self._pairs[index][1])

    def fingerprint(self) -> str:
        return "\n".join(f"{path.name} {size_of(path)}" for pair in self._pairs for path in pair)


def _by_name(folder: Path, partners: Container[str] | None = None) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in image_files(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if partners is not None and name not in partners:
            name = _SCALE_SUFFIX.sub("", name)
        if name in found:
            raise DataError(f"{path}: has the same name as {found[name]}; pairs need one file each")
        found[name] = path
    return found
