"""Timing that a noisy machine cannot bend: the variants take turns, and ratios are taken round by round."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from ganzoo.training.profiling import wait_for_device

Step = Callable[[], None]


def in_turns(steps: Mapping[str, Step], *, rounds: int, warm_up: int = 2) -> dict[str, list[float]]:
    """Return the seconds of each variant's rounds; every round starts with another variant."""
    names = list(steps)
    for name in names:
        for _ in range(warm_up):
            steps[name]()
    wait_for_device()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                begun = time.perf_counter()
                steps[name]()
                wait_for_device()
                seconds[name].append(time.perf_counter() - begun)
    finally:
        gc.enable()
    return seconds


def ratio(seconds: Mapping[str, list[float]], one: str, other: str) -> float:
    """Return the median over rounds of how much longer `one` took than `other`."""
    return statistics.median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))


def to_json(value: Any) -> str:
    """Return indented JSON."""
    return json.dumps(value, indent=2) + "\n"
