"""What writes the table; imported only where a run is watched."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras


class LossTable(keras.callbacks.Callback):
    """One row for each step that is watched, one column for each loss that there has been."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._columns: list[str] = []

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        # rows that an earlier process wrote after the checkpoint from which the run resumes are written again
        rows = [row for row in self._rows() if row["step"].isdecimal() and int(row["step"]) <= self.model.step]
        self._columns = list(rows[0]) if rows else []
        self._write("w", rows, header=bool(rows))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        row = {"step": batch, "phase": self.model.phase, **(logs or {})}
        new = [name for name in row if name not in self._columns]
        if not new:
            self._write("a", [row])
            return
        rows = self._rows()
        self._columns += new
        self._write("w", [*rows, row], header=True)

    def _rows(self) -> list[dict[str, Any]]:
        if not self._path.is_file():
            return []
        with self._path.open(newline="", encoding="utf-8") as file:
            # a row that was cut short by a power cut lacks values
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def _write(self, mode: str, rows: Sequence[Mapping[str, Any]], *, header: bool = False) -> None:
        with self._path.open(mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, restval="")
            if header:
                writer.writeheader()
            writer.writerows(rows)
