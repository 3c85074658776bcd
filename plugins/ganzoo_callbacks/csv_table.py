"""Losses as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo import Callback

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Csv(Callback):
    """Writes what is logged to `losses.csv`, one row for each step that is watched."""

    def build(self, folder: Path) -> keras.callbacks.Callback:
        from ganzoo_callbacks.loss_table import LossTable

        return LossTable(folder / "losses.csv")
