"""The batch of step s is a pure function of (seed, s), whoever makes it, and whenever."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from copy import copy
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.task import Task
from ganzoo.contracts.tensor import Array, Example, Tensor
from ganzoo.contracts.timeline import Timeline
from ganzoo.data.ahead import ReadAhead
from ganzoo.data.cache import CachedSource, cache_bytes
from ganzoo.data.pace import Pace
from ganzoo.errors import DataError, ResourceError
from ganzoo.recipe import Recipe
from ganzoo.streams import derive_seed, numpy_generator

#: A worker that gives nothing for so many seconds hangs.
_LONGEST_WAIT = 600
_LOST_WORKER = re.compile("exited unexpectedly|timed out|killed by signal")
_LOST = "a worker process for data was killed or hangs; memory may not suffice: set train.workers=0, or fewer"
#: So many batches lie ready when a thread makes them.
_AHEAD = 2


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
        cache_limit: int | None = None,
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
        self._cache = CachedSource(source, cache_bytes() if cache_limit is None else cache_limit)

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

    def shared_among(self, processes: int) -> StepBatches:
        """Return the same batches for one of so many processes: each may keep its part of the examples in memory."""
        part = copy(self)
        part._cache = CachedSource(self.source, self._cache.room // processes)
        return part

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": CachedSource(self.source, self._cache.room)}


@lru_cache(maxsize=4)
def _order(seed: int, size: int) -> Array:
    return np.random.Generator(np.random.PCG64(seed)).permutation(size)


class _Failed(str):
    """A data error on its way out of a worker process, which would bury it in a traceback."""

    __slots__ = ()


class _Timed:
    """Batches with the seconds that it took to make them. Data errors are handed over as values."""

    def __init__(self, batches: StepBatches) -> None:
        self._batches = batches

    def __getitem__(self, number: int) -> tuple[Mapping[str, Array] | _Failed, float]:
        begun = time.perf_counter()
        try:
            return self._batches[number], time.perf_counter() - begun
        except DataError as error:
            return _Failed(str(error)), 0.0


class StepLoader(DataLoader[Any]):
    """Yields the batches of steps `first` ... `last - 1` in order, made ahead by worker processes or else by a thread.

    `pace` knows how long training waited for them. The thread, or the processes, end with the iterator. Processes are
    never forked: a fork after an array_record read crashes.
    """

    def __init__(self, batches: StepBatches, *, first: int, last: int, workers: int = 0) -> None:
        makers = max(workers, 1)
        self.pace = Pace(makers=makers, epoch=len(batches.source) // batches.batch_size)
        self._running: Generator[Any] | None = None
        super().__init__(
            _Timed(batches.shared_among(workers) if workers else batches),  # type: ignore[arg-type]
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
        with closing(self._made()) as made:
            self._running = made
            for batch, seconds in made:
                if isinstance(batch, str):
                    raise DataError(batch)
                self.pace.add(made=seconds, waited=time.perf_counter() - start)
                yield batch
                start = time.perf_counter()

    def close(self) -> None:
        """End the thread or the processes of an iterator that is not used up, which whoever holds it may keep alive."""
        if self._running is not None:
            self._running.close()

    def _made(self) -> Generator[Any]:
        """Yield what the worker processes make, or the thread; ResourceError when a process died or hangs."""
        if not self.num_workers:
            with closing(ReadAhead(super().__iter__(), depth=_AHEAD)) as ahead:
                yield from ahead
            return
        waiting = super().__iter__()
        while True:
            try:
                batch = next(waiting)
            except StopIteration:
                return
            except RuntimeError as error:
                if _LOST_WORKER.search(str(error)):
                    raise ResourceError(f"{_LOST} ({' '.join(str(error).split())[:200]})") from error
                raise
            yield batch


def _ignore_interrupt(_worker: int) -> None:
    """Leave Ctrl-C to the main process, which finishes its step first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
