"""Components that need files which a user fetches once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

#: Called with what is being done, how much is done and how much there is (None when unknown), in bytes or examples.
Report = Callable[[str, int, "int | None"], None]


class Preparable:
    """Mixed into a Dataset or Features that `ganzoo data prepare NAME` can fetch or build."""

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        """Return the names that `prepare_files` accepts."""
        return ()

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        """Download (or take from `origin`) and write what `name` needs; return where it lies now.

        `directory` overrides the usual place. Checksums are verified; an interrupted download goes on where it
        stopped; what was complete before stays complete. DataError with the remedy when offline.
        """
        raise KeyError(name)

    @classmethod
    def recipe_lines(cls, name: str, *, directory: Path | None) -> str:
        """Return the lines of a recipe that use what was prepared in `directory` (None: the usual place)."""
        return ""
