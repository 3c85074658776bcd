"""Random numbers of each example, from a counter of its own: any example can be drawn without those before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganzoo import Array

_WORD = 2**64


class CountedRandom:
    """Philox (Salmon 2011, doi 10.1145/2063384.2063405) with one key; ValueError for a seed beyond 128 bits."""

    def __init__(self, seed: int) -> None:
        if not 0 <= seed < _WORD**2:
            raise ValueError(f"needs a seed from 0 to 2^128 - 1, received {seed}")
        # NumPy takes any ISeedSequence; its types name one of them
        self._key: Any = _Key(np.array(divmod(seed, _WORD)[::-1], np.uint64))

    def at(self, index: int) -> np.random.Generator:
        """Return the random numbers of an example, as `Philox(key=seed, counter=[0, 0, index, 0])` has them."""
        return np.random.Generator(np.random.Philox(self._key, counter=[0, 0, index, 0]))


class _Key(np.random.bit_generator.ISeedSequence):
    """Gives a key as it is.

    `Philox(key=...)` asks the operating system for entropy that it does not use, which takes most of its time.
    """

    def __init__(self, words: Array) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        return self._words.astype(dtype)[:n_words]
