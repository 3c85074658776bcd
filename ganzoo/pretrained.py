"""Pretrained generators by name: those that come with ganzoo, and those that `ganzoo pull` added."""

from __future__ import annotations

import os
from pathlib import Path

from ganzoo.bundled import bundled_files
from ganzoo.errors import RecipeError, nearest

#: What a pretrained generator is kept in: arrays, a network's configuration and its facts.
SUFFIX = ".safetensors"
#: The one for photographs where none is named.
DEFAULT = "photos_x4"


def list_pretrained() -> dict[str, Path]:
    """Return the files of pretrained generators by name."""
    pulled = {path.name.removesuffix(SUFFIX): path for path in pulled_folder().glob(f"*{SUFFIX}")}
    return dict(sorted({**pulled, **bundled_files("pretrained", SUFFIX)}.items()))


def network_file(given: Path) -> Path:
    """Return the path, or the file of the pretrained generator of this name; RecipeError where there is neither."""
    known = list_pretrained()
    if given.exists():
        return given
    if str(given) in known:
        return known[str(given)]
    raise RecipeError(f"{given}: there is no such file or folder{nearest(str(given), known)}")


def pulled_folder() -> Path:
    """Return the folder of `ganzoo pull`, in the cache of Keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / "ganzoo"
