"""The lines of a recipe that a verdict may ask to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Plan:
    """A resolved recipe, read for what a doctor asks."""

    def __init__(self, resolved: Mapping[str, Any]) -> None:
        self._resolved = resolved

    @property
    def precision(self) -> str:
        """What networks compute in."""
        return str(self._section("train").get("precision", "float32"))

    def rate(self, player: str) -> str:
        """Return the line of a player's learning rate, with its value."""
        table = self._section("optimizers").get(player)
        rate = table.get("learning_rate") if isinstance(table, Mapping) else None
        now = f" (now {rate:g})" if isinstance(rate, int | float) else ""
        return f"optimizers.{player}.learning_rate{now}"

    def uses(self, kind: str, *names: str) -> bool:
        """Return whether the recipe has one of these losses or regularizers."""
        tables = self._resolved.get(kind) or []
        return any(str(table.get("name", "")).rpartition("/")[2] in names for table in tables)

    @property
    def has_penalty(self) -> bool:
        """Whether any regularizer acts."""
        return bool(self._resolved.get("regularizers"))

    def _section(self, name: str) -> Mapping[str, Any]:
        found = self._resolved.get(name)
        return found if isinstance(found, Mapping) else {}
