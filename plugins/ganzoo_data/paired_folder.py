from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ganzoo import Dataset, Source
from ganzoo_data.pairs import PairedFiles, paired_by_name

_SCALE_SUFFIX = re.compile(r"x\d$")


@dataclass(frozen=True, kw_only=True)
class PairedFolder(Dataset):
    """Low and high resolution images in two folders, paired by name: fields `lr` and `hr`, RGB uint8.

    `0001x4.png` is the partner of `0001.png`, as in DIV2K.
    """

    hr_path: str
    lr_path: str

    def open(self) -> Source:
        lr, hr = (Path(path).expanduser() for path in (self.lr_path, self.hr_path))
        return PairedFiles(paired_by_name(lr, hr, ending=_SCALE_SUFFIX), {"lr": 3, "hr": 3})
