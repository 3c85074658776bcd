"""No change at all."""

from __future__ import annotations

import ganzoo


class Constant(ganzoo.Constant):
    """Always `value`."""

    def __init__(self, *, value: float) -> None:
        super().__init__(value)
