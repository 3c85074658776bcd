"""The batch of step s is a pure function of (seed, s), whoever makes it, and whenever. Worker processes import this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableSequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.blame import blaming, explaining_memory, origin_of
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import RowContext, Task
from ganzoo.contracts.tensor import Array, Example, Tensor
from ganzoo.contracts.timeline import Timeline
from ganzoo.data.cache import cache_bytes
from ganzoo.data.checks import prepared_mistake, row_mistake
from ganzoo.data.opening import TrainingData
from ganzoo.data.stream import SINGLE, Stream
from ganzoo.errors import ComponentError, DataError
from ganzoo.randomness import numpy_generator

if TYPE_CHECKING:
    from ganzoo.recipe import Recipe

#: Stands for the stream, the example, or the step, where none is being read.
NOTHING = -1


class StepBatches:
    """Batches by step number. It has no length: a run asks for as many as it needs.

    Each stream is read in its own order; the last batch of an epoch is filled up from the next one. A batch
    holds the rows of all streams, under `stream/name` where there are several. `batch_size` may differ by phase, as a
    mapping from phase names. `datasets` and `task_name` are what messages call sources and task.
    """

    def __init__(
        self,
        data: TrainingData,
        task: Task,
        *,
        batch_size: int | Mapping[str, int],
        seed: int,
        timeline: Timeline,
        cache_limit: int | None = None,
        datasets: Mapping[str, str] | None = None,
        task_name: str | None = None,
    ) -> None:
        self.task = task
        self.task_name = f"task '{task_name or type(task).__name__}'"
        self.fitted = data.fitted
        self.seed = seed
        self.timeline = timeline
        sizes = batch_size if isinstance(batch_size, Mapping) else dict.fromkeys(timeline.names, batch_size)
        self.batch_sizes = dict(sizes)
        with blaming(task, f"{self.task_name}, rows()"):
            self._rows = {phase: dict(task.rows(size)) for phase, size in self.batch_sizes.items()}
        #: The step whose batch is being made, the number of the stream, and the example that is being read for it.
        self.progress: MutableSequence[int] = [NOTHING, NOTHING, NOTHING]
        cache = (cache_bytes() if cache_limit is None else cache_limit) // len(data.sources)
        self.streams = [
            Stream(name, source, what=_dataset_text(name, source, datasets or {}), seed=seed, cache=cache)
            for name, source in data.sources.items()
        ]

    @classmethod
    def of(cls, recipe: Recipe, data: TrainingData, *, cache_limit: int | None = None) -> StepBatches:
        """Return the batches of a recipe's run."""
        table = recipe.resolved["data"]
        tables = {name: table[name] if len(recipe.data) > 1 else table for name in recipe.data}
        return cls(
            data,
            recipe.task,
            batch_size=recipe.batch_sizes,
            seed=recipe.train.seed,
            timeline=recipe.timeline,
            cache_limit=cache_limit,
            datasets={} if data.given else {name: each["name"] for name, each in tables.items()},
            task_name=recipe.resolved["task"]["name"],
        )

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources by stream."""
        return {stream.name: stream.source for stream in self.streams}

    @property
    def steps_per_epoch(self) -> int:
        """After how many steps of the first phase each example of the longest stream has been seen once."""
        rows = self._rows[self.timeline.phases[0][0]]
        return max((stream.examples // max(rows[stream.name], 1) for stream in self.streams), default=0)

    def __getitem__(self, number: int) -> dict[str, Array]:
        size = self.batch_sizes[self.timeline.at(number).phase]
        remedy = f"lower train.batch_size (now {size}) or train.workers"
        with explaining_memory(f"the batch of step {number + 1}", remedy):
            batch: dict[str, Array] = {}
            for place, stream in enumerate(self.streams):
                rows = self._stream_rows(place, number)
                prefix = f"{stream.name}/" if len(self.streams) > 1 else ""
                batch |= {f"{prefix}{name}": np.stack([row[name] for row in rows]) for name in (rows or [{}])[0]}
            self.progress[:] = [number, NOTHING, NOTHING]
            return batch

    def _stream_rows(self, place: int, number: int) -> list[Example]:
        stream, rows, step = self.streams[place], list[Example](), self.timeline.at(number)
        places = self.places(stream, number)
        for epoch, index in places:
            self.progress[:] = [number, place, index]
            rows.append(self.row(stream, epoch, index, step))
            if mistake := row_mistake(rows[-1], rows[0]):
                first = stream.name_of(places[0][1])
                raise self._task_broke(f"{mistake} for {first}; rows of a batch are alike", stream, index, number)
        return rows

    def row(self, stream: Stream, epoch: int, index: int, step: Step) -> Example:
        """Prepare an example for a step."""
        prefix = "" if stream.name == SINGLE else f"{stream.name}/"
        rng = partial(numpy_generator, self.seed, f"prepare/{prefix}{index}", epoch)
        context = RowContext(step=step, rng=rng, stream=stream.name, fitted=self.fitted)
        try:
            with blaming(
                stream.source, lambda: f"reading {stream.name_of(index)} from {stream.what}", step=step.number
            ):
                example, mistake = stream.example(index)
            if mistake is not None:
                raise _broken(stream.source, stream.what, f"{stream.name_of(index)}: {mistake}", step.number)
            with blaming(
                self.task, lambda: f"preparing {stream.name_of(index)} for {self.task_name}", step=step.number
            ):
                row = self.task.prepare(example, context)
        except DataError as error:
            name = stream.name_of(index)
            raise DataError(str(error) if name in str(error) else f"{name}: {error}") from error
        if mistake := prepared_mistake(row):
            raise self._task_broke(mistake, stream, index, step.number)
        return row

    def places(self, stream: Stream, number: int) -> list[tuple[int, int]]:
        """Return (epoch, index of the example) for each row that a stream gives to the batch of a step."""
        return stream.places(
            self._first_row(stream.name, number), self._rows[self.timeline.at(number).phase][stream.name]
        )

    def _first_row(self, stream: str, number: int) -> int:
        """Return how many rows of a stream the steps before this one have used."""
        return sum(steps * self._rows[phase][stream] for phase, steps in self.timeline.spent(number))

    def indices(self, number: int) -> dict[str, list[int]]:
        """Return which examples of each stream make up the batch of a step."""
        return {stream.name: [index for _, index in self.places(stream, number)] for stream in self.streams}

    def names(self, number: int) -> list[str]:
        """Return what a person calls the examples of a step."""
        return [stream.name_of(index) for stream in self.streams for _, index in self.places(stream, number)]

    def reading(self, stream: int, index: int) -> str | None:
        """Return what a person calls an example that `progress` names; None where it names none."""
        return None if NOTHING in (stream, index) else self.streams[stream].name_of(index)

    def tensors(self, number: int) -> dict[str, Tensor]:
        """Return the batch of a step as tensors, made here and now."""
        import torch

        return {name: torch.from_numpy(value) for name, value in self[number].items()}

    def first_of_phases(self) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """Yield the first batch of each phase by the phase's name."""
        for name, _ in self.timeline.phases:
            yield name, self.tensors(self.timeline.first_step(name))

    def shared_among(self, processes: int) -> StepBatches:
        """Return the same batches for one of so many processes: each may keep its part of the examples in memory."""
        part = copy(self)
        part.streams = [stream.shared_among(processes) for stream in self.streams]
        return part

    def _task_broke(self, mistake: str, stream: Stream, index: int, number: int) -> ComponentError:
        return _broken(self.task, self.task_name, f"{stream.name_of(index)}: {mistake}", number)

    def __getstate__(self) -> dict[str, Any]:
        streams = [stream.shared_among(1) for stream in self.streams]
        return {**self.__dict__, "streams": streams, "progress": [NOTHING, NOTHING, NOTHING]}


def _broken(component: object, what: str, mistake: str, number: int) -> ComponentError:
    return ComponentError(f"{what} of {origin_of(type(component))}, step {number + 1}: {mistake}")


def _dataset_text(stream: str, source: Source, datasets: Mapping[str, str]) -> str:
    return f"dataset '{datasets.get(stream, type(source).__name__)}'"
