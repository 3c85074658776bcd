"""`metrics.jsonl`: one strict JSON object a line, never beyond the step that a resumed run starts from."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo.runs import files


class Journal:
    """Appends what happened at a step; reads it back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line; numbers that are not finite become null. OSError when that fails: nothing is written then."""
        files.append_line(self.path, _line({key: _finite(value) for key, value in record.items()}))

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

    def truncate(self, step: int) -> None:
        """Drop what was written at or after `step`, and a torn last line."""
        kept = [record for record in self.records() if record["step"] < step]
        files.write_durably(self.path, "".join(f"{_line(record)}\n" for record in kept).encode())


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
