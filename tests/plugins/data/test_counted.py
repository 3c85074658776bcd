"""Random numbers by example are those of NumPy's own generator."""

import pickle

import numpy as np
import pytest
from ganzoo_data.counted import CountedRandom


@pytest.mark.parametrize("seed", [0, 7, 2**70 + 3, 2**128 - 1])
@pytest.mark.parametrize("index", [0, 1, 10**12])
def test_numbers_of_an_example_are_those_of_philox_with_this_key_and_counter(seed, index):
    wanted = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, index, 0]))
    assert np.array_equal(CountedRandom(seed).at(index).normal(size=9), wanted.normal(size=9))


def test_numbers_are_the_same_in_another_process():
    random = CountedRandom(3)
    assert pickle.loads(pickle.dumps(random)).at(5).integers(1000) == random.at(5).integers(1000)


@pytest.mark.parametrize("seed", [-1, 2**128])
def test_seeds_that_philox_has_not_are_refused(seed):
    with pytest.raises(ValueError, match="from 0 to 2"):
        CountedRandom(seed)
