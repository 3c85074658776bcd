from __future__ import annotations

import numpy as np
import pytest
from numbered import Numbered
from points import Rows

from ganzoo import DataError, Field
from ganzoo.data.loader import StepBatches, StepLoader
from ganzoo.timeline import Timeline


def batches(count=10, *, size=4, seed=0, start=0):
    source = Rows({"number": np.arange(start, start + count)}, {"number": Field(shape=(), dtype="int64")})
    return StepBatches(source, Numbered(), batch_size=size, seed=seed, timeline=Timeline([("a", 3), ("b", 9)]))


def test_every_example_comes_once_in_each_epoch_in_another_order():
    made = batches(12)
    epochs = [np.concatenate([made[step]["number"] for step in range(start, start + 3)]) for start in (0, 3)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert list(epochs[0]) != list(epochs[1])


def test_a_batch_is_a_pure_function_of_seed_and_step():
    one, other = batches(), batches()
    list(map(one.__getitem__, range(5)))
    assert all(np.array_equal(one[7][name], other[7][name]) for name in one[7])
    assert not np.array_equal(batches(seed=1)[7]["draw"], other[7]["draw"])


def test_the_same_example_is_prepared_otherwise_in_the_next_epoch():
    made = batches(4)
    first, second = made[0], made[1]
    assert set(first["number"]) == set(second["number"])
    assert not set(first["draw"].tolist()) & set(second["draw"].tolist())


def test_preparation_knows_the_phase():
    assert batches()[2]["phase"].tolist() == [0] * 4
    assert batches()[3]["phase"].tolist() == [1] * 4


def test_fewer_examples_than_a_batch_are_refused():
    with pytest.raises(DataError, match=r"hold 3 examples, but train\.batch_size is 4"):
        batches(3)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_example_that_does_not_fit_is_named(workers):
    loader = StepLoader(batches(10, start=10), first=0, last=9, workers=workers)
    with pytest.raises(DataError, match=r"^example 3: does not fit$"):
        list(loader)


def test_workers_change_nothing_and_any_step_can_come_first():
    alone = list(StepLoader(batches(), first=2, last=6))
    helped = list(StepLoader(batches(), first=2, last=6, workers=2))
    assert len(alone) == len(helped) == 4
    assert all(a[name].equal(b[name]) for a, b in zip(alone, helped, strict=True) for name in a)
    assert alone[0]["number"].tolist() == batches()[2]["number"].tolist()


def test_waiting_is_measured():
    loader = StepLoader(batches(), first=0, last=3)
    list(loader)
    assert loader.waited > 0


def test_timelines_map_steps_to_phases():
    timeline = Timeline([("a", 3), ("b", 2)])
    assert timeline.total_steps == 5
    assert [timeline.first_step(name) for name in "ab"] == [0, 3]
    steps = [timeline.at(number) for number in range(6)]
    assert [step.phase for step in steps] == ["a", "a", "a", "b", "b", "b"]
    assert [step.phase_step for step in steps] == [0, 1, 2, 0, 1, 2]
    assert steps[4].phase_fraction == 0.5
