"""`metrics.jsonl`: one strict JSON object a line, never beyond the steps that a resumed run has done."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.runs import files


class Journal:
    """Appends what there is to say after so many steps; reads it back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line; numbers that are not finite become null. OSError when that fails: nothing is written then."""
        files.append_line(self.path, _line({key: _finite(value) for key, value in record.items()}))

    def append_durably(self, record: Mapping[str, Any]) -> None:
        """Write one line so that all lines or those before are there, whatever happens; ResourceError when it fails."""
        lines = [*self.records(), record]
        files.write_durably(self.path, "".join(f"{_line(line)}\n" for line in lines).encode())

    def sync(self) -> None:
        """Flush to disk; called before a checkpoint claims these steps."""
        if self.path.exists():
            files.sync_file(self.path)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the complete lines; a torn or damaged one and all after it are left out."""
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                record = _record(line)
                if record is None:
                    return
                yield record

    def truncate(self, done: int) -> None:
        """Drop what was written after more than `done` steps, and a torn last line."""
        self._keep(lambda step: step <= done)

    def drop(self, done: int) -> None:
        """Drop what was written after exactly `done` steps."""
        self._keep(lambda step: step != done)

    def _keep(self, wanted: Callable[[int], bool]) -> None:
        if not self.path.exists():
            return
        kept = [record for record in self.records() if wanted(record["step"])]
        files.write_durably(self.path, "".join(f"{_line(record)}\n" for record in kept).encode())


def is_loss(key: str) -> bool:
    """Return whether a key of the log is a player's loss or penalty, not its total, a measurement or a report."""
    return key.partition("/")[0] in PLAYERS and not key.endswith("/total")


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, allow_nan=False)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and type(record.get("step")) is int else None


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
