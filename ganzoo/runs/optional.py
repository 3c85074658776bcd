"""Output that a run can do without."""

from __future__ import annotations

from collections.abc import Callable

from ganzoo.errors import ResourceError
from ganzoo.runs.folder import RunFolder


class OptionalOutput:
    """Writes optional output: on a full disk it is lost and reported once, and the run continues."""

    def __init__(self, run: RunFolder, note: Callable[[str], None]) -> None:
        self._run = run
        self._note = note
        self._told: set[str] = set()

    def __call__(self, what: str, write: Callable[[], None]) -> None:
        """Call `write`; ResourceError only when the run folder is gone."""
        self._run.require()
        try:
            write()
        except (OSError, ResourceError) as error:
            if what not in self._told:
                self._told.add(what)
                self._note(f"{what} cannot be written, training continues: {error}")
