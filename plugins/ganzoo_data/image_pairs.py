from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ganzoo import Dataset, Source
from ganzoo_data.pairs import PairedFiles, paired_by_name


@dataclass(frozen=True, kw_only=True)
class ImagePairs(Dataset):
    """Images in two folders, paired by name: fields `input` and `target`, uint8, for `paired_translation`.

    Suffixes may differ: `a/7.png` is the partner of `b/7.jpg`. Images are RGB; `input_channels = 1` or
    `target_channels = 1` makes those of one folder grey.
    """

    input_path: str
    target_path: str
    input_channels: Literal[1, 3] = 3
    target_channels: Literal[1, 3] = 3

    def open(self) -> Source:
        given, wanted = (Path(path).expanduser() for path in (self.input_path, self.target_path))
        channels = {"input": self.input_channels, "target": self.target_channels}
        return PairedFiles(paired_by_name(given, wanted), channels)
