"""Files that come with ganzoo beside its code: recipes and pretrained generators."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["recipes", "pretrained"]


def bundled_folders(kind: Kind) -> list[Path]:
    """Return the folders of a kind: next to a checkout's package, or in the installation's shared data."""
    beside = Path(__file__).parents[1] / kind
    installed = Path(sysconfig.get_path("data")) / "share" / "ganzoo" / kind
    return [folder for folder in (beside, installed) if folder.is_dir()]


def bundled_files(kind: Kind, suffix: str) -> dict[str, Path]:
    """Return the files of a kind by their names without the suffix, in order."""
    found: dict[str, Path] = {}
    for folder in bundled_folders(kind):
        for path in folder.glob(f"*{suffix}"):
            found.setdefault(path.name.removesuffix(suffix), path)
    return dict(sorted(found.items()))
