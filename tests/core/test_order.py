"""The order of examples needs no memory, visits each once, and looks random."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from misbehaving import Endless
from numbered import Numbered

from ganzoo.contracts.timeline import Timeline
from ganzoo.data.batches import StepBatches
from ganzoo.data.opening import TrainingData
from ganzoo.data.order import Order


def whole(size, *, seed=0, epoch=0):
    return np.array(Order(seed, epoch, size).at(range(size)))


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 100, 1000, 1023, 4096, 10007])
def test_each_example_comes_once(size):
    for epoch in range(3):
        assert sorted(whole(size, epoch=epoch)) == list(range(size))


def test_any_part_of_an_order_can_come_first():
    assert Order(0, 0, 1000).at(range(700, 710)) == whole(1000)[700:710].tolist()


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [whole(1000), whole(1000, epoch=1), whole(1000, seed=1)]
    for index, one in enumerate(orders):
        for other in orders[:index]:
            assert (one == other).sum() < 10, "about one in a thousand stays in place by chance"


def test_all_orders_of_few_examples_occur():
    found = {tuple(whole(4, seed=seed)) for seed in range(500)}
    assert len(found) == 24


def test_every_place_is_equally_likely_for_every_example():
    size, trials = 12, 6000
    counts = np.zeros((size, size))
    for seed in range(trials):
        counts[np.arange(size), whole(size, seed=seed)] += 1
    expected = trials / size
    chi_square = ((counts - expected) ** 2 / expected).sum()
    freedom = (size - 1) ** 2
    assert abs(chi_square - freedom) < 5 * np.sqrt(2 * freedom)


def test_neighbours_and_places_tell_nothing():
    order = whole(10000)
    places = np.arange(10000)
    assert abs(np.corrcoef(places, order)[0, 1]) < 0.04
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.04
    steps = np.diff(order)
    assert (np.abs(steps) == 1).sum() < 12, "two by chance"
    assert len(np.unique(steps)) > 6000


@pytest.mark.parametrize("size", [10**9, 10**12])
def test_a_batch_of_enormous_data_is_there_at_once_and_takes_no_memory(size):
    tracemalloc.start()
    begun = time.perf_counter()
    made = StepBatches(
        TrainingData({"data": Endless(size)}), Numbered(), batch_size=64, seed=0, timeline=Timeline([("a", 9)])
    )
    numbers = [made[step]["number"] for step in (0, 1, size // 64)]
    assert time.perf_counter() - begun < 1
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert len(set(np.concatenate(numbers[:2]))) == 128
    assert max(numbers[0]) > size // 2
