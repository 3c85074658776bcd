"""What can be asked of a trained style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from ganzoo import sampling


@dataclass(frozen=True, kw_only=True)
class StyleOptions(sampling.PhotographOptions):
    """Which style is wanted, and how much of it.

    `style` is the file of a painting, or a list of them, which are mixed with `weights` (equal ones by default); only
    for a generator that is given styles. `strength` is how much of the style there is, from 0 to 1. `keep_colour` keeps
    the colours of the photograph. Photographs with a side of more than `longest` pixels are painted at that size, and
    the result is enlarged.
    """

    style: str | tuple[str, ...] = ()
    weights: tuple[Annotated[float, Gt(0)], ...] = ()
    strength: Annotated[float, Ge(0), Le(1)] = 1.0
    keep_colour: bool = False
    longest: Annotated[int, Ge(64)] = 1024

    def __post_init__(self) -> None:
        if self.weights and len(self.weights) != len(self.paintings):
            given = len(self.paintings)
            raise ValueError(f"weights has {len(self.weights)} numbers, expected one for each of the {given} styles")

    @property
    def paintings(self) -> tuple[str, ...]:
        """The files of the paintings."""
        return (self.style,) if isinstance(self.style, str) else self.style
