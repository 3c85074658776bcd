"""File names from what data, recipes and plugins call things."""

from __future__ import annotations

import re
import unicodedata

#: In bytes: with a number and a suffix a file name must stay below the 255 of common file systems.
_LONGEST = 120
#: Windows opens devices by these names with any suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_stem(text: str) -> str:
    """Return a name as one part of a path: letters, digits, `.`, `_`, `-`, bounded; never hidden, never a folder."""
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    plain = unicodedata.normalize("NFC", last)
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in plain).lstrip(".-")
    stem = kept.encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore").rstrip(".") or "unnamed"
    return f"_{stem}" if _DEVICES.fullmatch(stem) else stem


class UniqueStems:
    """Makes file stems of which no two are equal, also on case-insensitive file systems."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def __call__(self, text: str) -> str:
        """Return a new stem for a name; from the second on, an equal one gets a number."""
        stem = wanted = file_stem(text)
        number = 1
        while stem.casefold() in self._used:
            number += 1
            stem = f"{wanted}-{number}"
        self._used.add(stem.casefold())
        return stem
