"""The batch of step s is a pure function of (seed, s), whoever makes it, and whenever. Worker processes import this."""

from __future__ import annotations

from collections.abc import MutableSequence
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.blame import blaming, explaining_memory, origin_of
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.task import Task
from ganzoo.contracts.tensor import Array, Example, Tensor
from ganzoo.contracts.timeline import Timeline
from ganzoo.data.cache import Cache, cache_bytes
from ganzoo.data.checks import example_mistake, prepared_mistake, row_mistake
from ganzoo.data.order import order
from ganzoo.errors import ComponentError, DataError
from ganzoo.streams import numpy_generator

if TYPE_CHECKING:
    from ganzoo.recipe import Recipe

#: Stands for the example, or the step, where none is being read.
NOTHING = -1


class StepBatches:
    """Batches by step number. It has no length: a run asks for as many as it needs.

    Each epoch visits every example once in an order computed from (seed, epoch); the last batch of an epoch is filled
    up from the next one. DataError when there are fewer examples than one batch holds. `dataset` and `task_name` are
    what messages call source and task.
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
        dataset: str | None = None,
        task_name: str | None = None,
    ) -> None:
        self.dataset = f"dataset '{dataset or type(source).__name__}'"
        self.task_name = f"task '{task_name or type(task).__name__}'"
        with blaming(source, f"the number of examples in {self.dataset}"):
            self.examples = len(source)
        if self.examples < batch_size:
            raise DataError(
                f"the data hold {self.examples} examples, but train.batch_size is {batch_size}; "
                "add data or lower train.batch_size"
            )
        self.source = source
        self.task = task
        self.batch_size = batch_size
        self.seed = seed
        self.timeline = timeline
        #: The step whose batch is being made, and the example that is being read or prepared for it.
        self.progress: MutableSequence[int] = [NOTHING, NOTHING]
        self._cache = Cache(cache_bytes() if cache_limit is None else cache_limit)

    @classmethod
    def of(cls, recipe: Recipe, source: Source, *, cache_limit: int | None = None) -> StepBatches:
        """Return the batches of a recipe's run."""
        return cls(
            source,
            recipe.task,
            batch_size=recipe.train.batch_size,
            seed=recipe.train.seed,
            timeline=recipe.timeline,
            cache_limit=cache_limit,
            dataset=recipe.resolved["data"]["name"],
            task_name=recipe.resolved["task"]["name"],
        )

    def __getitem__(self, number: int) -> dict[str, Array]:
        remedy = f"lower train.batch_size (now {self.batch_size}) or train.workers"
        with explaining_memory(f"the batch of step {number}", remedy):
            rows: list[Example] = []
            for epoch, index in self.places(number):
                self.progress[:] = [number, index]
                rows.append(self.row(epoch, index, number))
                if mistake := row_mistake(rows[-1], rows[0]):
                    first = self.name_of(self.indices(number)[0])
                    raise self._broken(self.task, f"{mistake} for {first}; rows of a batch are alike", index, number)
            batch = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
            self.progress[:] = [number, NOTHING]
            return batch

    def row(self, epoch: int, index: int, number: int) -> Example:
        """Prepare an example for step `number`."""
        rng = numpy_generator(self.seed, f"prepare/{index}", epoch)
        name = self.name_of(index)
        try:
            with blaming(self.source, f"reading {name} from {self.dataset}", step=number):
                example = self._example(index, number)
            with blaming(self.task, f"preparing {name} for {self.task_name}", step=number):
                row = self.task.prepare(example, rng=rng, step=self.timeline.at(number))
        except DataError as error:
            raise DataError(str(error) if name in str(error) else f"{name}: {error}") from error
        if mistake := prepared_mistake(row):
            raise self._broken(self.task, mistake, index, number)
        return row

    def places(self, number: int) -> list[tuple[int, int]]:
        """Return (epoch, index of the example) for each row of the batch of a step."""
        first, end = number * self.batch_size, (number + 1) * self.batch_size
        found: list[tuple[int, int]] = []
        while first < end:
            epoch, offset = divmod(first, self.examples)
            count = min(end - first, self.examples - offset)
            indices = order(self.seed, epoch, self.examples).at(range(offset, offset + count))
            found += [(epoch, index) for index in indices]
            first += count
        return found

    def indices(self, number: int) -> list[int]:
        """Return which examples make up the batch of a step."""
        return [index for _, index in self.places(number)]

    def names(self, number: int) -> list[str]:
        """Return what a person calls the examples of a step."""
        return [self.name_of(index) for index in self.indices(number)]

    def name_of(self, index: int) -> str:
        """Return what a person calls an example, whatever the source says."""
        with suppress(Exception):
            return str(self.source.name_of(index))
        return f"example {index}"

    def tensors(self, number: int) -> dict[str, Tensor]:
        """Return the batch of a step as tensors, made here and now."""
        import torch

        return {name: torch.from_numpy(value) for name, value in self[number].items()}

    def shared_among(self, processes: int) -> StepBatches:
        """Return the same batches for one of so many processes: each may keep its part of the examples in memory."""
        part = copy(self)
        part._cache = Cache(self._cache.room // processes)
        return part

    def _example(self, index: int, number: int) -> Example:
        if (kept := self._cache.kept(index)) is not None:
            return kept
        example = self.source[index]
        if mistake := example_mistake(example, self.source.fields):
            raise self._broken(self.source, mistake, index, number)
        self._cache.keep(index, example)
        return example

    def _broken(self, component: Source | Task, mistake: str, index: int, number: int) -> ComponentError:
        what = self.dataset if component is self.source else self.task_name
        origin = origin_of(type(component))
        return ComponentError(f"{what} of {origin}, step {number}: {self.name_of(index)}: {mistake}")

    def __getstate__(self) -> dict[str, Any]:
        cache = Cache(self._cache.room)
        return {**self.__dict__, "_cache": cache, "progress": [NOTHING, NOTHING]}
