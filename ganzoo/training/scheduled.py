"""The value of a schedule at a step; errors name the schedule."""

from __future__ import annotations

import math

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.step import Step


def rate_at(schedule: Schedule, number: int, key: str, *, step: Step | None = None) -> float:
    """Return the learning rate of the optimizer `key` at the schedule's step `number`; PluginError when below 0."""
    what = f"the learning rate of '{key}'"
    rate = value_at(schedule, number, what, step=step)
    if rate < 0:
        at = None if step is None else step.number
        raise broken_contract(schedule, f"schedule of {what}", f"gave {rate}, expected a number >= 0", step=at)
    return rate


def value_at(schedule: Schedule, number: int, what: str, *, step: Step | None = None) -> float:
    """Return the value of a schedule at its step `number`; PluginError when it is not a finite number."""
    if type(schedule) is Constant:
        return schedule.value
    at = None if step is None else step.number
    with blaming(schedule, f"schedule of {what}", step=at):
        value = float(schedule(number))
    if not math.isfinite(value):
        raise broken_contract(schedule, f"schedule of {what}", f"gave {value}, expected a finite number", step=at)
    return value
