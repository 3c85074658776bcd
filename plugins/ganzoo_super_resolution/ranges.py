"""Ranges of random options."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le

from ganzoo import Degradation

Range: TypeAlias = tuple[Annotated[float, Ge(0)], Annotated[float, Ge(0)]]
PositiveRange: TypeAlias = tuple[Annotated[float, Gt(0)], Annotated[float, Gt(0)]]
QualityRange: TypeAlias = tuple[Annotated[int, Ge(1), Le(100)], Annotated[int, Ge(1), Le(100)]]
Probability: TypeAlias = Annotated[float, Ge(0), Le(1)]


def check_ranges(degradation: Degradation) -> None:
    """ValueError naming the first option that is a range from a larger to a smaller number."""
    for name, value in vars(degradation).items():
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError(f"{name} is a range from low to high, but {value[0]} is above {value[1]}")
