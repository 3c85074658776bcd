"""Derived randomness: every stream is a hash of (seed, name, step), so nothing random is ever stored.

Seeds are hashed rather than counted because Keras' seed generators with neighbouring seeds give shifted copies of
one stream on the torch backend.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from ganzoo.contracts.tensor import Tensor


def derive_seed(seed: int, name: str, step: int = 0) -> int:
    """Return the 63-bit seed of stream `name` at `step` of the run with `seed`."""
    message = f"{seed}\0{name}\0{step}".encode()
    return int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "big") >> 1


def numpy_generator(seed: int, name: str, step: int = 0) -> np.random.Generator:
    """Return a fresh NumPy generator for stream `name` at `step`."""
    return np.random.Generator(np.random.PCG64(derive_seed(seed, name, step)))


class Random:
    """Random tensors on the training device for one component at one step.

    The same (seed, name, step) always gives the same sequence of draws, in a fresh process too. Plugins receive one
    where they need randomness and never touch global generators.
    """

    def __init__(self, seed: int, name: str, step: int = 0) -> None:
        self._seed, self._name, self._step = seed, name, step

    @cached_property
    def _generator(self) -> torch.Generator:
        import torch

        from ganzoo.execution.keras_internals import get_device

        # made when it is needed: most components draw nothing
        return torch.Generator(device=get_device()).manual_seed(derive_seed(self._seed, self._name, self._step))

    def child(self, name: str) -> Random:
        """Return an independent stream below this one."""
        return Random(self._seed, f"{self._name}/{name}", self._step)

    def normal(self, shape: tuple[int, ...], mean: float = 0.0, stddev: float = 1.0) -> Tensor:
        """Draw float32 normals."""
        import torch

        draws = torch.randn(shape, generator=self._generator, device=self._generator.device)
        return draws * stddev + mean

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw float32 uniforms in [low, high)."""
        import torch

        draws = torch.rand(shape, generator=self._generator, device=self._generator.device)
        return draws * (high - low) + low

    def integers(self, shape: tuple[int, ...], low: int, high: int) -> Tensor:
        """Draw int64 integers in [low, high)."""
        import torch

        return torch.randint(low, high, shape, generator=self._generator, device=self._generator.device)

    def permutation(self, size: int) -> Tensor:
        """Draw a permutation of 0 ... size - 1 (int64)."""
        import torch

        return torch.randperm(size, generator=self._generator, device=self._generator.device)
