"""Components that need files which a user fetches once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Source

#: Called with the current activity, the amount done and the total (None when unknown), in bytes or examples.
Report = Callable[[str, int, "int | None"], None]


class Preparable:
    """Mixed into a Dataset or Features that `ganzoo data prepare NAME` can fetch or build."""

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        """Return the names that `prepare_files` accepts."""
        return ()

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        """Download the files of `name` (or take them from `origin`), write them, and return their path.

        `directory` overrides the default folder. Checksums are verified; an interrupted download is resumed; complete
        files are kept. DataError with the remedy when offline.
        """
        raise KeyError(name)

    @classmethod
    def prepare_from(cls, name: str, source: Source, *, report: Report) -> Path:
        """Make the files of `name` from a data set, which the user names with `--data`, and return their path.

        DataError where it needs none, as by default.
        """
        raise DataError(f"{name} is made from no data set; leave out --data")

    @classmethod
    def recipe_lines(cls, name: str, *, directory: Path | None) -> str:
        """Return the lines of a recipe that use the files prepared in `directory` (None: the default folder)."""
        return ""
