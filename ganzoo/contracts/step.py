"""The position of a step in a run. Everything that changes with time is a pure function of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """One training step = one discriminator update (one generator update in phases without a discriminator).

    `number` counts from 0 over the whole run, `phase_step` from 0 within the phase. The length of a phase is
    not in it, as the last one may be made longer while a run is under way: what fades has a number of steps of its own.
    """

    number: int
    phase: str = "train"
    phase_index: int = 0
    phase_step: int = 0
