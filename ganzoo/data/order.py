"""The order of examples in an epoch, computed index by index: no array as long as the data.

A generalised Feistel network with cycle walking (Black and Rogaway 2002, "Ciphers with Arbitrary Finite Domains",
methods 2 and 3). An index is a pair of digits in Z_a x Z_b with a * b slightly above the number of examples; each round
adds a keyed hash of one digit to the other, which can be undone, so all rounds together are a permutation of the pairs.
A pair beyond the data is permuted again until it is within them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ganzoo.contracts.tensor import Array
from ganzoo.randomness import derive_seed

#: Pairs of rounds. Black and Rogaway take 3 rounds or more; small sizes have few digits to mix, so there are 8.
_PAIRS = 4
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


class Order:
    """A permutation of 0 ... size - 1 that is a pure function of (seed, epoch)."""

    def __init__(self, seed: int, epoch: int, size: int) -> None:
        side = math.isqrt(size - 1) + 1
        self._size, self._a, self._b = np.array([size, side, -(-size // side)], np.uint64)
        keys = [derive_seed(seed, f"order/{number}", epoch) for number in range(2 * _PAIRS)]
        self._keys = np.array(keys, np.uint64).reshape(_PAIRS, 2)

    def at(self, offsets: range) -> list[int]:
        """Return which examples come at these places of the epoch."""
        found = self._permuted(np.array(offsets, np.uint64))
        while (beyond := found >= self._size).any():
            found[beyond] = self._permuted(found[beyond])
        indices: list[int] = found.tolist()
        return indices

    def _permuted(self, indices: Array) -> Array:
        left, right = np.divmod(indices, self._b)
        for first, second in self._keys:
            left = (left + _mixed(right ^ first) % self._a) % self._a
            right = (right + _mixed(left ^ second) % self._b) % self._b
        permuted: Array = left * self._b + right
        return permuted


@lru_cache(maxsize=4)
def order(seed: int, epoch: int, size: int) -> Order:
    """Return the order of an epoch."""
    return Order(seed, epoch, size)


def _mixed(values: Array) -> Array:
    """Return 64 well mixed bits of each value (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> _SHIFTS[0])) * _MIX[0]
    values = (values ^ (values >> _SHIFTS[1])) * _MIX[1]
    mixed: Array = values ^ (values >> _SHIFTS[2])
    return mixed
