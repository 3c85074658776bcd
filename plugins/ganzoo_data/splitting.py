"""A part of files held out, each by its name alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ganzoo import DataError

Split = Literal["all", "train", "validation"]

_WHOLE = 2**64
_FEWEST = 2


def part_of(paths: Sequence[Path], root: Path, split: Split, fraction: float) -> list[Path]:
    """Return one side of a split in which about `fraction` of the files are held out, one at least.

    A file's side follows from its path below the root: another file added moves none, unless the few there were had
    nothing to hold out by that rule, so that one was chosen.
    """
    if split == "all":
        return list(paths)
    if len(paths) < _FEWEST:
        raise DataError(
            f"{root}: holds {len(paths)} image; {_FEWEST} at least are needed to hold a part out; add some, "
            "or score with others: --set validation=DIR"
        )
    places = {path: _place(path.relative_to(root).as_posix()) for path in paths}
    held_out = {path for path in paths if places[path] < fraction}
    by_place = sorted(paths, key=lambda path: places[path])
    if not held_out:
        held_out = {by_place[0]}
    elif len(held_out) == len(paths):
        held_out.remove(by_place[-1])
    return [path for path in paths if (path in held_out) == (split == "validation")]


def _place(name: str) -> float:
    """Return where in [0, 1) the hash of a name lies."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big") / _WHOLE
