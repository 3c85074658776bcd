"""Callbacks that write what a run tells: a table of losses, TensorBoard's event files."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Callback, hookimpl
from ganzoo_callbacks.csv_table import Csv
from ganzoo_callbacks.tensorboard import TensorBoard

GANZOO_API = "1"


@hookimpl
def ganzoo_register_callbacks() -> Mapping[str, type[Callback]]:
    return {"csv": Csv, "tensorboard": TensorBoard}
