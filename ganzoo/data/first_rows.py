"""The first rows of a run, with the names of their examples."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ganzoo.contracts.tensor import Example
from ganzoo.data.batches import StepBatches
from ganzoo.data.stream import Stream


def first_rows(batches: StepBatches, count: int) -> dict[str, list[tuple[str, Example]]]:
    """Return by stream the name and the row of as many examples, as the first steps will see them."""
    return {stream.name: list(islice(_rows(batches, stream), count)) for stream in batches.streams}


def _rows(batches: StepBatches, stream: Stream) -> Iterator[tuple[str, Example]]:
    for number in range(batches.timeline.total_steps):
        step = batches.timeline.at(number)
        for epoch, index in batches.places(stream, number):
            yield stream.name_of(index), batches.row(stream, epoch, index, step)
