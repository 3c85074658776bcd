"""Each schedule against numbers that were worked out by hand."""

from __future__ import annotations

import math

import pytest
from ganzoo_schedules import (
    Constant,
    Cosine,
    CosineRestarts,
    InverseSquareRoot,
    InverseTime,
    LinearToZero,
    Polynomial,
    StepDecay,
    WarmUp,
    WganBursts,
)

import ganzoo
from ganzoo import Ramp, Staircase, load_zoo
from ganzoo.testing import check_component

HALF = (1 + math.cos(math.pi / 4)) / 2  # of half a cosine, after a quarter of the way


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (Constant(value=0.3), {0: 0.3, 10**9: 0.3}),
        (Cosine(start=1.0, steps=4), {0: 1.0, 1: HALF, 2: 0.5, 4: 0.0, 9: 0.0}),
        (Cosine(start=3.0, end=1.0, steps=2), {0: 3.0, 1: 2.0, 2: 1.0}),
        (Cosine(start=3.0, end=1.0, steps=2, delay=5), {0: 3.0, 5: 3.0, 6: 2.0, 7: 1.0, 9: 1.0}),
        (CosineRestarts(start=1.0, steps=4), {0: 1.0, 2: 0.5, 4: 1.0, 5: HALF, 8: 1.0, 4_000_002: 0.5}),
        (CosineRestarts(start=1.0, steps=2, longer=2, lower=0.5), {1: 0.5, 2: 0.5, 4: 0.25, 6: 0.25, 10: 0.125}),
        (LinearToZero(start=2.0, delay=10, steps=4), {0: 2.0, 10: 2.0, 11: 1.5, 13: 0.5, 14: 0.0, 99: 0.0}),
        (InverseSquareRoot(start=0.1, steps=100), {0: 0.1, 100: 0.1, 400: 0.05, 10_000: 0.01}),
        (
            InverseTime(start=1e-4, steps=20_000),
            {0: 1e-4, 20_000: 5e-5, 60_000: 2.5e-5, 160_000: 1e-4 / (1 + 5e-5 * 160_000)},
        ),
        (StepDecay(start=8.0, steps=3), {0: 8.0, 2: 8.0, 3: 4.0, 6: 2.0, 8: 2.0, 300: 8 * 0.5**100}),
        (StepDecay(start=1.0, steps=1, factor=0.1), {0: 1.0, 1: 0.1, 2: 0.01}),
        (WarmUp(steps=2, then=InverseTime(start=1.0, steps=2)), {0: 0.0, 1: 0.5, 2: 1.0, 4: 0.5}),
        (WarmUp(steps=2, then=StepDecay(start=1.0, steps=2)), {1: 0.5, 2: 1.0, 3: 1.0, 4: 0.5}),
        (WarmUp(steps=2, then=InverseSquareRoot(start=1.0, steps=1)), {1: 0.5, 2: 1.0, 6: 0.5}),
        (WarmUp(steps=2, then=Polynomial(start=1.0, steps=2)), {1: 0.5, 2: 1.0, 3: 0.25, 4: 0.0}),
        (
            WarmUp(steps=2, then=Ramp(start=1.0, end=0.01, steps=2, shape="exponential")),
            {1: 0.5, 2: 1.0, 3: 0.1, 4: 0.01, 9: 0.01},
        ),
        (Polynomial(start=1.0, steps=4), {0: 1.0, 1: 0.5625, 2: 0.25, 4: 0.0, 5: 0.0}),
        (Polynomial(start=1.0, end=0.5, steps=2, power=1.0), {0: 1.0, 1: 0.75, 2: 0.5}),
        (WarmUp(steps=4, then=Cosine(start=1.0, steps=4)), {0: 0.0, 1: 0.25, 3: 0.75, 4: 1.0, 6: 0.5, 8: 0.0}),
        (WarmUp(steps=2, start=0.1, then=ganzoo.Constant(0.3)), {0: 0.1, 1: 0.2, 2: 0.3, 50: 0.3}),
        (WarmUp(steps=2, then=Ramp(start=1.0, end=0.0, steps=2)), {1: 0.5, 2: 1.0, 3: 0.5, 4: 0.0}),
        (
            WganBursts(),
            {0: 100, 2499: 100, 2500: 5, 4874: 5, 4875: 100, 4974: 100, 4975: 5, 7469: 5, 7470: 100, 7570: 5},
        ),
        (WarmUp(steps=1, then=Staircase(values=(1.0, 0.1), at=(3,))), {0: 0.0, 1: 1.0, 3: 1.0, 4: 0.1}),
    ],
)
def test_a_schedule_gives_the_numbers_worked_out_by_hand(schedule, values):
    assert {step: schedule(step) for step in values} == pytest.approx(values)
    # asked again in another order it gives the same: it holds no state
    assert {step: schedule(step) for step in reversed(values)} == pytest.approx(values)


def test_every_bundled_schedule_is_a_component_with_a_schema():
    zoo = load_zoo()
    for name in zoo.names("schedule"):
        check_component(zoo.find("schedule", name))
