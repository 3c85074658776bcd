"""Checks of tasks, member by member, on data and networks that may be tiny."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.comparison import logit_maps
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.contracts.results import Result, SampleRequest, Trained
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import LossTargets, RowContext
from ganzoo.data.opening import TrainingData, fit
from ganzoo.errors import RecipeError
from ganzoo.testing.demands import demand, demand_gradient, demand_scalar, explained, left_as_they_are, same
from ganzoo.testing.runs import STEPS, Parts, ShortRun, all_losses, check_repeatable, specs_of

if TYPE_CHECKING:
    from ganzoo.contracts.architecture import Architecture
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.task import Task
    from ganzoo.contracts.tensor import Example

_EXAMPLES = 8
_COUNT = 4


def check_task(
    task: Task,
    data: Dataset | Source | Mapping[str, Dataset | Source],
    *,
    architectures: Mapping[str, Architecture] | None = None,
    inputs: Sequence[Path] = (),
    output: str = "sample.png",
) -> None:
    """Check every member of a task: on these data, in a run of ten steps with a loss on all that it exposes.

    `data` is a dataset or source, or one for each stream of the task by name.
    `architectures` are named after networks or roles; a network without one is a small dense network. `inputs` are the
    files for `sample`, `output` the file (or folder) that it shall write.
    """
    cls = type(task)
    sources = _opened(cls, task, data)
    _check_exposes(task)
    fitted = _fitted(task, sources)
    known = TrainingData(sources, fitted)
    _check_networks(task, known)
    _check_prepare(task, known)
    run = check_repeatable(cls, lambda: _run(task, known, architectures or {}))
    for player in PLAYERS:
        _check_update(task, run, player)
    trained = Trained(networks=run.model.sampling_networks(), fields=known.fields, fitted=fitted)
    _check_picture(task, sources, trained)
    _check_evaluate(task, sources, trained)
    _check_draw_samples(task, trained)
    _check_sample(task, trained, inputs, output)


def _opened(
    cls: type[Any], task: Task, data: Dataset | Source | Mapping[str, Dataset | Source]
) -> Mapping[str, Source]:
    given = data if isinstance(data, Mapping) else dict.fromkeys(task.streams, data)
    demand(set(given) == set(task.streams), cls, f"needs data for the streams {list(task.streams)}, not {list(given)}")
    with explained(cls, "the data"):
        return {name: each.open() if isinstance(each, Dataset) else each for name, each in given.items()}


def _fitted(task: Task, sources: Mapping[str, Source]) -> Example:
    cls = type(task)
    with explained(cls, "fit()"):
        fitted, again = fit(task, sources), fit(task, sources)
    demand(same(fitted, again), cls, "fit() must depend on the data alone")
    return fitted


def _run(task: Task, data: TrainingData, architectures: Mapping[str, Architecture]) -> ShortRun:
    from ganzoo.contracts.timeline import Timeline
    from ganzoo.data.batches import StepBatches

    cls = type(task)
    with explained(cls, "cannot be copied"):
        fresh = copy.deepcopy(task)
    with explained(cls, "prepare()"):
        batches = StepBatches(data, fresh, batch_size=_COUNT, seed=0, timeline=Timeline([("train", STEPS)]))
    parts = Parts(fresh, architectures, all_losses(fresh.exposes), fitted=data.fitted)
    return ShortRun(cls, parts, data.fields, batches.tensors)


def _check_exposes(task: Task) -> None:
    cls = type(task)
    with explained(cls, "exposes"):
        exposed, offered = task.exposes, task.offers(Step(number=0))
    for what, found in (("exposes", exposed), ("offers()", offered)):
        demand(isinstance(found, LossTargets), cls, f"{what} must be LossTargets, not {type(found).__name__}")
    names = [*exposed.comparisons, *exposed.pairs, *exposed.terms]
    demand(bool(names), cls, "exposes must name a comparison, a pair or a term: nothing could be trained")
    for kind in ("comparisons", "pairs", "terms"):
        unknown = set(getattr(offered, kind)) - set(getattr(exposed, kind))
        demand(not unknown, cls, f"offers() names {kind} that exposes lacks: {sorted(unknown)}")
    for term, players in exposed.terms.items():
        known = bool(players) and set(players) <= set(PLAYERS)
        demand(known, cls, f"exposes: term '{term}' trains {players}, expected some of {sorted(PLAYERS)}")


def _check_networks(task: Task, data: TrainingData) -> None:
    parts = Parts(task, {}, [], fitted=data.fitted)
    with explained(type(task), "networks()"):
        specs, again = specs_of(parts, data.fields), specs_of(parts, data.fields)
    demand(specs == again, type(task), "networks() must return the same networks each time")


def _check_prepare(task: Task, data: TrainingData) -> None:
    for stream, source in data.sources.items():
        _check_rows(task, stream, source, data.fitted)


def _check_rows(task: Task, stream: str, source: Source, fitted: Example) -> None:
    """Ask for rows that depend on the example, the random stream and the step alone."""
    cls, rows = type(task), []

    def context(index: int) -> RowContext:
        return RowContext(step=Step(number=0), rng=_numpy(index), stream=stream, fitted=fitted)

    for index in range(min(len(source), _EXAMPLES)):
        example = source[index]
        with explained(cls, "prepare()"), left_as_they_are(cls, "prepare()", dict(example)):
            row, again = (task.prepare(example, context(index)) for _ in range(2))
        _demand_arrays(cls, "prepare()", row)
        demand(same(row, again), cls, "prepare() must draw all randomness from context.rng: the same rng, the same row")
        rows.append(row)
    for row in rows[1:]:
        layouts = [{name: (value.shape, value.dtype) for name, value in each.items()} for each in (rows[0], row)]
        demand(layouts[0] == layouts[1], cls, f"prepare() must return rows of one layout, not {layouts}")


def _demand_arrays(cls: type[Any], what: str, row: Any) -> None:
    is_mapping = isinstance(row, Mapping) and bool(row)
    demand(is_mapping, cls, f"{what} must return arrays by name, not {type(row).__name__}")
    for name, value in row.items():
        is_array = isinstance(value, np.ndarray | np.generic)
        demand(is_array, cls, f"{what}: '{name}' must be a numpy array, not {type(value).__name__}")
        fits = value.dtype == np.float32 or value.dtype.kind in "biu"
        demand(fits, cls, f"{what}: '{name}' is {value.dtype}, expected float32 or integers")


def _check_update(task: Task, run: ShortRun, player: PlayerName) -> None:
    """Look at the fakes, the verdicts, and the value and gradient of each loss of one player's update."""
    cls, model = type(task), run.model
    with explained(cls, f"the update of the {player}"):
        view, twin = run.view(player, 0), run.view(player, 0)
        demand(same(view.fakes, twin.fakes), cls, "generate() must draw all randomness from view.rng")
        for name, verdict in view.judged.items():
            _check_logits(cls, name, verdict)
        terms = model.objective.terms(model.players[player], view, 0) if model.players[player].networks else {}
    weights = [variable.value for variable in model.players[player].variables]
    for key, term in terms.items():
        demand_scalar(cls, f"{key} of the {player}", term.value)
        demand_gradient(cls, f"{key} of the {player}", term.value, weights)


def _check_logits(cls: type[Any], name: str, verdict: Any) -> None:
    import torch

    comparison = verdict.comparison
    for side, samples, outputs in (("real", comparison.real, verdict.real), ("fake", comparison.fake, verdict.fake)):
        for logits in logit_maps(outputs):
            is_tensor = isinstance(logits, torch.Tensor)
            shape = tuple(logits.shape) if is_tensor else type(logits).__name__
            fits = is_tensor and logits.ndim > 1 and logits.shape[-1] == 1 and len(logits) == len(samples)
            expected = f"({len(samples)}, ..., 1)"
            demand(fits, cls, f"comparison '{name}': logits of {side} are {shape}, expected {expected}")


def _check_picture(task: Task, sources: Mapping[str, Source], trained: Trained) -> None:
    cls = type(task)
    with explained(cls, "fixed_inputs()"):
        inputs, again = (
            task.fixed_inputs(sources, count=_COUNT, rng=_numpy(0), fitted=trained.fitted) for _ in range(2)
        )
    is_mapping = isinstance(inputs, Mapping)
    demand(is_mapping, cls, f"fixed_inputs() must return arrays by name, not {type(inputs).__name__}")
    demand(same(inputs, again), cls, "fixed_inputs() must draw all randomness from rng")
    with explained(cls, "picture()"), left_as_they_are(cls, "picture()", inputs):
        picture, twin = (task.picture(trained, inputs, rng=_random("picture")) for _ in range(2))
    _demand_picture(cls, task, "picture()", picture)
    demand(same(picture, twin), cls, "picture() must draw the same each time")


def _demand_picture(cls: type[Any], task: Task, what: str, picture: Any) -> None:
    from ganzoo.training.pictures import require_picture

    with explained(cls, what):
        require_picture(task, f"{what} returned", picture)


def _check_evaluate(task: Task, sources: Mapping[str, Source], trained: Trained) -> None:
    cls = type(task)
    with explained(cls, "evaluate()"):
        found, again = (list(task.evaluate(trained, sources, rng=_random("evaluate"))) for _ in range(2))
    for scored in found:
        _check_result(cls, task, scored)
    methods = list(dict.fromkeys(scored.method for scored in found))
    products = [spec.name for spec in task.networks(trained.fields, trained.fitted) if spec.is_product]
    demand(bool(set(products) & set(methods)), cls, f"evaluate() must yield a row of {products}; it has {methods}")
    results = [[(each.method, each.output, each.target) for each in every] for every in (found, again)]
    demand(same(*results), cls, "evaluate() must draw all randomness from rng: the same rng, the same results")


def _check_result(cls: type[Any], task: Task, scored: Any) -> None:
    demand(isinstance(scored, Result), cls, f"evaluate() must yield Result, not {type(scored).__name__}")
    for what in ("output", "target"):
        part = getattr(scored, what)
        demand(isinstance(part, Mapping), cls, f"evaluate(): {what} must be arrays by name, not {type(part).__name__}")
    if scored.picture is not None:
        _demand_picture(cls, task, "evaluate(): picture", scored.picture)


def _check_draw_samples(task: Task, trained: Trained) -> None:
    cls, drawn = type(task), []
    for _ in range(2):
        with explained(cls, "draw_samples()"):
            try:
                found = task.draw_samples(trained, count=_COUNT, rng=_random("sample"), options=task.sampling())
            except RecipeError:
                return  # it has nothing to draw
            drawn.append(found if isinstance(found, Mapping) else {"samples": found})
    for name, values in drawn[0].items():
        fits = isinstance(values, np.ndarray) and len(values) == _COUNT
        demand(fits, cls, f"draw_samples() must return arrays of {_COUNT} rows, not so '{name}'")
    demand(same(*drawn), cls, "draw_samples() must draw all randomness from rng: the same rng, the same samples")


def _check_sample(task: Task, trained: Trained, inputs: Sequence[Path], output: str) -> None:
    cls = type(task)
    contents = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder, explained(cls, "sample()"):
            try:
                written = task.sample(trained, _request(task, inputs, Path(folder) / output))
            except RecipeError:
                if not inputs:
                    return  # it works on files alone, and none were given
                raise
            outside = [str(path) for path in written if not Path(path).resolve().is_relative_to(Path(folder).resolve())]
            demand(not outside, cls, f"sample() must write to its output, not to {outside}")
            contents.append({Path(path).name: Path(path).read_bytes() for path in written})
    demand(same(*contents), cls, "sample() must draw all randomness from rng: the same rng, the same files")


def _request(task: Task, inputs: Sequence[Path], output: Path) -> SampleRequest:
    return SampleRequest(output=output, inputs=inputs, count=_COUNT, rng=_random("sample"), options=task.sampling())


def _numpy(index: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(index))


def _random(name: str) -> Any:
    from ganzoo.randomness import Random

    return Random(0, name)
