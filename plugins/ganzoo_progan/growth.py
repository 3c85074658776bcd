"""Which level of a growing network is on at a step."""

from __future__ import annotations

from ganzoo import Step


def level_at(step: Step, *, fade_steps: int, last: int) -> float:
    """Return the level at a step: a whole number is a resolution, a fraction how far the next one is faded in.

    The first phase has the lowest resolution; each later one fades the next in over its first `fade_steps` steps.
    """
    stage = min(step.phase_index, last)
    if stage == 0 or step.phase_index > last:
        return float(stage)
    return stage - 1 + min((step.phase_step + 1) / fade_steps, 1.0)
