"""`metrics.jsonl`: one strict JSON object a line, never beyond the step that a resumed run starts from."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo.runs.files import write_durably


class Journal:
    """Appends what happened at a step; reads it back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line; numbers that are not finite become null."""
        line = json.dumps({key: _finite(value) for key, value in record.items()}, allow_nan=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def sync(self) -> None:
        """Flush to disk; called before a checkpoint claims these steps."""
        if self.path.exists():
            with self.path.open("rb") as file:
                os.fsync(file.fileno())

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the complete lines; a torn last one is left out."""
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    return

    def truncate(self, step: int) -> None:
        """Drop what was written at or after `step`, and a torn last line."""
        kept = [record for record in self.records() if record["step"] < step]
        write_durably(self.path, "".join(json.dumps(record) + "\n" for record in kept).encode())


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
