"""Sets every generator there is from (seed, stream name, step)."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import torch

from ganzoo.contracts.tensor import Network
from ganzoo.execution.keras_internals import SeedGenerator, global_seed_generator, seed_generators
from ganzoo.randomness import derive_seed

_INT31 = 0x7FFFFFFF


def seed_everything(seed: int, name: str, step: int = 0) -> None:
    """Set torch's, NumPy's, Keras' and Python's global generators for stream `name` at `step`.

    Python's comes last: creating Keras' global generator draws from it, once in a process.
    """
    _reseed(global_seed_generator(), seed, f"{name}/keras", step)
    _seed_torch(derive_seed(seed, f"{name}/torch", step))
    np.random.seed(derive_seed(seed, f"{name}/numpy", step) & 0xFFFFFFFF)
    random.seed(derive_seed(seed, f"{name}/python", step))


def reseed_network(network: Network, seed: int, name: str, step: int) -> None:
    """Set every seed generator inside a network (dropout, noise layers)."""
    for index, generator in enumerate(seed_generators(network)):
        _reseed(generator, seed, f"{name}/{index}", step)


def _seed_torch(seed: int) -> None:
    """Set torch's generators, as `torch.manual_seed` does.

    Without an accelerator that one formats the whole stack three times, for devices that may be found later.
    """
    if _has_accelerator():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@cache
def _has_accelerator() -> bool:
    return torch.accelerator.is_available()


def _reseed(generator: SeedGenerator, seed: int, name: str, step: int) -> None:
    first, second = generator.state.value.data.unbind()
    # in place, number by number: Keras' own assignment takes a tenth of a millisecond, and waits for a GPU
    first.fill_(derive_seed(seed, name, step) & _INT31)
    second.zero_()
