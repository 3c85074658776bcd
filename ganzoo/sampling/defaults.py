"""Default pictures, results and samples of a task: the fakes that `generate` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.results import Result
from ganzoo.contracts.step import Step
from ganzoo.errors import RecipeError
from ganzoo.sampling.drawing import can_draw, draw
from ganzoo.sampling.examples import as_arrays, to_edge, to_tensors
from ganzoo.sampling.files import sample_files, sample_suffixes, write_picture, write_sample_files

if TYPE_CHECKING:
    from ganzoo.contracts.results import Picture, SampleRequest, Sources, Trained
    from ganzoo.contracts.task import Task
    from ganzoo.contracts.tensor import Array, Example, Tensor
    from ganzoo.randomness import Random

#: Rows that are made at once when held-out data are scored.
_CHUNK = 64
_IMAGE_AXES = 4


def first_rows(task: Task, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
    """Return prepared rows of the first examples, as a batch: as many of each stream as the task's `rows` has."""
    rows = task.rows(count)
    positions = {stream: range(min(rows[stream], len(source))) for stream, source in sources.items()}
    return _batch(task, sources, positions, rng=rng, fitted=fitted)


def draw_fakes(task: Task, trained: Trained, inputs: Example, *, rng: Random) -> Picture:
    """Return a drawing of the first of the fakes that can be drawn; a table of their sizes where none can."""
    fakes = as_arrays(_fakes(task, trained, to_tensors(inputs), rng=rng))
    for values in fakes.values():
        if can_draw(values):
            return draw(values)
    return {"field": np.array(list(fakes)), "shape": np.array([str(values.shape) for values in fakes.values()])}


def results_by_batch(task: Task, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
    """Yield the fakes for each batch of prepared held-out rows, as the method of the task's first product."""
    method = next(spec.name for spec in task.networks(trained.fields, trained.fitted) if spec.is_product)
    size = min(len(source) for source in sources.values())
    for first in range(0, size, _CHUNK):
        indices = range(first, min(first + _CHUNK, size))
        seed = int(rng.child(f"rows/{first}").integers((1,), 0, 2**31))
        generator = np.random.Generator(np.random.PCG64(seed))
        batch = _batch(task, sources, dict.fromkeys(sources, indices), rng=generator, fitted=trained.fitted)
        fakes = _fakes(task, trained, to_tensors(batch), rng=rng.child(str(first)))
        yield Result(method=method, output=_at_edge(as_arrays(fakes)), target=_at_edge(batch), examples=len(indices))


def fakes_at_random(task: Task, trained: Trained, *, count: int, rng: Random) -> Array:
    """Return the first of the fakes made from random numbers alone that can be drawn; images as uint8."""
    try:
        fakes = as_arrays(_fakes(task, trained, {}, rng=rng, count=count))
    except KeyError as error:
        raise RecipeError(
            f"the task makes its fakes from data (it asks for {error}) and has no samples to draw"
        ) from error
    return to_edge(next((each for each in fakes.values() if can_draw(each)), next(iter(fakes.values()))))


def write_fakes(task: Task, trained: Trained, request: SampleRequest) -> list[Path]:
    """Write what the task draws: `request.count` new examples."""
    if request.inputs:
        raise RecipeError(f"the task takes no files, received '{request.inputs[0]}'; --count says how many to draw")
    samples = task.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
    if isinstance(samples, Mapping):
        [file] = sample_files(request, [".csv"], are_images=False)
        return [write_picture(file, samples)]
    are_images = samples.ndim == _IMAGE_AXES and can_draw(samples)
    files = sample_files(request, sample_suffixes(samples), are_images=are_images)
    return write_sample_files(request, files, samples)


def _at_edge(arrays: Example) -> Example:
    """Return arrays as metrics want them: images as uint8, as the data have them."""
    return {name: to_edge(values) for name, values in arrays.items()}


def _batch(
    task: Task, sources: Sources, indices: Mapping[str, range], *, rng: np.random.Generator, fitted: Example
) -> dict[str, Array]:
    from ganzoo.contracts.task import RowContext

    found: dict[str, Array] = {}
    for stream, source in sources.items():
        context = RowContext(step=Step(number=0), rng=rng, stream=stream, fitted=fitted)
        rows = [task.prepare(source[index], context) for index in indices[stream]]
        prefix = f"{stream}/" if len(sources) > 1 else ""
        found |= {f"{prefix}{name}": np.stack([row[name] for row in rows]) for name in rows[0]}
    return found


def _fakes(
    task: Task, trained: Trained, batch: Mapping[str, Tensor], *, rng: Random, count: int | None = None
) -> Mapping[str, Tensor]:
    import torch

    from ganzoo.contracts.task import View

    rows: Any = count if count is not None else max(len(values) for values in batch.values())
    view = View(
        networks=trained.networks,
        batch=batch,
        count=rows,
        step=Step(number=0),
        rng=rng,
        training=False,
        fitted=trained.fitted,
    )
    with torch.no_grad():
        return task.generate(view)
