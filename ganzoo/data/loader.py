"""The batches of a run, made ahead of the step that uses them."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import torch
from torch.utils.data import DataLoader

from ganzoo.contracts.tensor import Tensor
from ganzoo.data.ahead import ReadAhead
from ganzoo.data.batches import StepBatches
from ganzoo.data.opening import TrainingData
from ganzoo.data.pace import Pace
from ganzoo.data.workers import ARE_POSSIBLE, Made, Workers
from ganzoo.errors import RecipeError, ResourceError
from ganzoo.recipe import Recipe

__all__ = ["NoLongerWanted", "StepBatches", "StepLoader", "batches"]

#: The least number of batches that are kept ready.
_AHEAD = 2
#: The main thread looks up so often while it waits: signals, and makers that hang.
_GLANCE = 0.5
#: One example that takes so many seconds is reported, and one that takes more than the limit ends the run.
_NOTICE = 60.0
_LIMIT = 300.0
_LIMIT_NAME = "GANZOO_DATA_TIMEOUT"


class NoLongerWanted(Exception):
    """The run was asked to stop while it waited for a batch."""


def batches(recipe: Recipe, data: TrainingData) -> StepLoader:
    """Return the batches of a whole run, for `fit(batches(recipe, data), steps_per_epoch=..., shuffle=False)`."""
    made = StepBatches.of(recipe, data)
    return StepLoader(made, first=0, last=recipe.timeline.total_steps, workers=recipe.train.workers)


class StepLoader(DataLoader[Any]):
    """Yields the batches of steps `first` ... `last - 1` in order, made ahead by worker processes or else by a thread.

    `pace` knows how long training waited for them. The thread, or the processes, end with the iterator. While it waits,
    `wanted` is asked whether to continue (NoLongerWanted otherwise), and `note` receives the name of a slow example;
    ResourceError when it takes longer than GANZOO_DATA_TIMEOUT seconds, 300 if not set. A DataLoader in name only: that
    is what Keras' `fit` takes.
    """

    def __init__(
        self,
        batches: StepBatches,
        *,
        first: int,
        last: int,
        workers: int = 0,
        wanted: Callable[[], bool] = lambda: True,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        if workers and not ARE_POSSIBLE:
            note(
                f"train.workers={workers}: this system has no worker processes; a thread reads data, which is the same"
            )
            workers = 0
        self.pace = Pace(workers=workers, epoch=batches.steps_per_epoch)
        self._batches = batches
        self._steps = (first, last)
        self._processes = workers
        self._wanted = wanted
        self._note = note
        self._limit = _limit()
        self._running: Generator[Any] | None = None
        super().__init__(batches, batch_size=None, sampler=range(first, last))  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Mapping[str, Tensor]]:  # type: ignore[override]
        start = time.perf_counter()
        with closing(self._made()) as made:
            self._running = made
            for batch, seconds in made:
                self.pace.add(made=seconds, waited=time.perf_counter() - start)
                yield batch
                start = time.perf_counter()

    def close(self) -> None:
        """End the thread or the processes of an iterator that is not used up, which whoever holds it may keep alive."""
        if self._running is not None:
            self._running.close()

    def _made(self) -> Generator[tuple[Mapping[str, Tensor], float]]:
        maker: Workers | _Here
        if self._processes:
            maker = Workers(self._batches, *self._steps, self._processes)
        else:
            maker = _Here(self._batches, *self._steps)
        ahead = None
        try:
            ahead = ReadAhead(_as_tensors(maker), depth=max(_AHEAD, self._processes))
            for _ in range(*self._steps):
                yield self._waited_for(ahead, maker)
        finally:
            maker.stop()  # which ends what the thread waits for
            if ahead is not None:
                ahead.close()

    def _waited_for(self, ahead: ReadAhead, maker: Workers | _Here) -> tuple[Mapping[str, Tensor], float]:
        seen, since, told = maker.doing(), time.monotonic(), False
        while True:
            try:
                found: tuple[Mapping[str, Tensor], float] = ahead.get(_GLANCE)
                return found
            except queue.Empty:
                self._ask()
            except ResourceError:  # Ctrl-C reaches a worker that starts, too
                self._ask()
                raise
            if maker.doing() != seen:
                seen, since, told = maker.doing(), time.monotonic(), False
            told = self._judge(maker, time.monotonic() - since, told=told)

    def _ask(self) -> None:
        if not self._wanted():
            raise NoLongerWanted

    def _judge(self, maker: Workers | _Here, seconds: float, *, told: bool) -> bool:
        """Tell, once, that an example takes long; ResourceError when it takes too long."""
        if seconds < min(_NOTICE, self._limit):
            return told
        _, step, stream, index = maker.doing()
        name = self._batches.reading(stream, index)
        at = f"at step {step + 1}" if name is None else f"at {name} of step {step + 1}"
        text = f"{maker.described()} has been {'starting' if step < 0 else at} for {seconds:.0f} s"
        if seconds >= self._limit:
            raise ResourceError(
                f"{text} and is taken to hang; set {_LIMIT_NAME}=SECONDS (now {self._limit:g}) where one example may "
                "take longer"
            )
        if not told:
            self._note(f"{text}; the run is stopped after {self._limit:g} s ({_LIMIT_NAME}=SECONDS)")
        return True


class _Here:
    """Makes batches in the thread that iterates."""

    def __init__(self, batches: StepBatches, first: int, last: int) -> None:
        self._batches = batches
        self._steps = range(first, last)

    def __iter__(self) -> Iterator[Made]:
        for number in self._steps:
            begun = time.perf_counter()
            batch = self._batches[number]
            yield batch, time.perf_counter() - begun

    def doing(self) -> tuple[int, ...]:
        return (0, *self._batches.progress)

    def described(self) -> str:
        return "the thread that reads data"

    def stop(self) -> None:
        """Nothing is left to be stopped but the thread."""


def _as_tensors(maker: Workers | _Here) -> Iterator[tuple[Mapping[str, Tensor], float]]:
    pinned = torch.cuda.is_available()
    for batch, seconds in maker:
        tensors = {name: torch.from_numpy(value) for name, value in batch.items()}
        yield {name: value.pin_memory() if pinned else value for name, value in tensors.items()}, seconds


def _limit() -> float:
    text = os.environ.get(_LIMIT_NAME, str(_LIMIT))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise RecipeError(f"{_LIMIT_NAME}: expected a number of seconds above 0, not '{text}'")
    return seconds
