"""The batch of step s is a pure function of (seed, s), whatever the number of worker processes."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.task import Task
from ganzoo.contracts.tensor import Array, Example, Tensor
from ganzoo.errors import DataError, ResourceError
from ganzoo.recipe import Recipe
from ganzoo.streams import derive_seed, numpy_generator
from ganzoo.timeline import Timeline

#: A worker that gives nothing for so many seconds hangs.
_LONGEST_WAIT = 600
_LOST_WORKER = re.compile("exited unexpectedly|timed out|killed by signal")
_LOST = "a worker process for data was killed or hangs; memory may not suffice: set train.workers=0, or fewer"

#: Decoded examples are kept in memory up to this size, shared out among the workers.
CACHE_BYTES = 2**30


class CachedSource:
    """Keeps decoded examples as long as they fit."""

    def __init__(self, source: Source, limit: int) -> None:
        self._source = source
        self._room = limit
        self._kept: dict[int, Example] = {}

    def __getitem__(self, index: int) -> Example:
        if index in self._kept:
            return self._kept[index]
        example = self._source[index]
        size = sum(value.nbytes for value in example.values())
        if size <= self._room:
            self._kept[index] = example
            self._room -= size
        return example


def batches(recipe: Recipe, source: Source) -> StepLoader:
    """Return the batches of a whole run, for `fit(batches(recipe, source), steps_per_epoch=..., shuffle=False)`."""
    train = recipe.train
    made = StepBatches(source, recipe.task, batch_size=train.batch_size, seed=train.seed, timeline=recipe.timeline)
    return StepLoader(made, first=0, last=recipe.timeline.total_steps, workers=train.workers)


class StepBatches:
    """Batches by step number. It has no length: a run asks for as many as it needs.

    Each epoch visits every example once in an order hashed from (seed, epoch); the last batch of an epoch is filled up
    from the next one. DataError when there are fewer examples than one batch holds.
    """

    def __init__(
        self,
        source: Source,
        task: Task,
        *,
        batch_size: int,
        seed: int,
        timeline: Timeline,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        if len(source) < batch_size:
            raise DataError(
                f"the data hold {len(source)} examples, but train.batch_size is {batch_size}; "
                "add data or lower train.batch_size"
            )
        self.source = source
        self.task = task
        self.batch_size = batch_size
        self.seed = seed
        self.timeline = timeline
        self._cache = CachedSource(source, cache_bytes)

    def __getitem__(self, number: int) -> dict[str, Array]:
        first = number * self.batch_size
        rows = [self.row(position, number) for position in range(first, first + self.batch_size)]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def row(self, position: int, number: int) -> Example:
        """Prepare the example at `position` in the endless stream of examples, for step `number`."""
        epoch, index = self.locate(position)
        rng = numpy_generator(self.seed, f"prepare/{index}", epoch)
        try:
            return self.task.prepare(self._cache[index], rng=rng, step=self.timeline.at(number))
        except DataError as error:
            name = self.source.name_of(index)
            raise DataError(str(error) if name in str(error) else f"{name}: {error}") from error

    def locate(self, position: int) -> tuple[int, int]:
        """Return the epoch and the example's index of a position."""
        epoch, offset = divmod(position, len(self.source))
        return epoch, int(_order(derive_seed(self.seed, "order", epoch), len(self.source))[offset])

    def indices(self, number: int) -> list[int]:
        """Return which examples make up the batch of a step."""
        first = number * self.batch_size
        return [self.locate(position)[1] for position in range(first, first + self.batch_size)]

    def names(self, number: int) -> list[str]:
        """Return what a person calls the examples of a step."""
        return [self.source.name_of(index) for index in self.indices(number)]

    def tensors(self, number: int) -> dict[str, Tensor]:
        """Return the batch of a step as tensors, made here and now."""
        return {name: torch.from_numpy(value) for name, value in self[number].items()}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": CachedSource(self.source, self._cache._room)}


@lru_cache(maxsize=4)
def _order(seed: int, size: int) -> Array:
    return np.random.Generator(np.random.PCG64(seed)).permutation(size)


class _Failed(str):
    """A data error on its way out of a worker process, which would bury it in a traceback."""

    __slots__ = ()


class _Careful:
    """Hands data errors over as values."""

    def __init__(self, batches: StepBatches) -> None:
        self._batches = batches

    def __getitem__(self, number: int) -> Mapping[str, Array] | _Failed:
        try:
            return self._batches[number]
        except DataError as error:
            return _Failed(str(error))


class StepLoader(DataLoader[Any]):
    """Yields the batches of steps `first` ... `last - 1` in order; `waited` counts the seconds spent waiting for them.

    Worker processes are never forked: a fork after an array_record read crashes.
    """

    def __init__(self, batches: StepBatches, *, first: int, last: int, workers: int = 0) -> None:
        self.waited = 0.0
        super().__init__(
            _Careful(batches),  # type: ignore[arg-type]
            batch_size=None,
            sampler=range(first, last),
            num_workers=workers,
            multiprocessing_context="forkserver" if workers else None,
            worker_init_fn=_ignore_interrupt if workers else None,
            pin_memory=torch.cuda.is_available(),
            timeout=_LONGEST_WAIT if workers else 0,
        )

    def __iter__(self) -> Iterator[Mapping[str, Tensor]]:  # type: ignore[override]
        start = time.perf_counter()
        for batch in self._watched():
            if isinstance(batch, str):
                raise DataError(batch)
            self.waited += time.perf_counter() - start
            yield batch
            start = time.perf_counter()

    def _watched(self) -> Iterator[Any]:
        """Yield what the workers make; ResourceError when one died or hangs."""
        waiting = super().__iter__()
        while True:
            try:
                batch = next(waiting)
            except StopIteration:
                return
            except RuntimeError as error:
                if self.num_workers and _LOST_WORKER.search(str(error)):
                    raise ResourceError(f"{_LOST} ({' '.join(str(error).split())[:200]})") from error
                raise
            yield batch


def _ignore_interrupt(_worker: int) -> None:
    """Leave Ctrl-C to the main process, which finishes its step first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
