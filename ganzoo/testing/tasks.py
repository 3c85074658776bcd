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
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import LossTargets, Scored
from ganzoo.errors import RecipeError
from ganzoo.testing.demands import demand, demand_gradient, demand_scalar, explained, left_as_they_are, same
from ganzoo.testing.runs import STEPS, Parts, ShortRun, all_losses, check_repeatable, specs_of

if TYPE_CHECKING:
    from ganzoo.contracts.architecture import Architecture
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.task import Task
    from ganzoo.contracts.tensor import Network

_EXAMPLES = 8
_COUNT = 4
_IMAGE_AXES = 3
#: The row of the trained networks.
_TRAINED = "generator"


def check_task(
    task: Task,
    data: Dataset | Source,
    *,
    architectures: Mapping[str, Architecture] | None = None,
    inputs: Sequence[Path] = (),
    output: str = "sample.png",
) -> None:
    """Check every member of a task: on these data, in a run of ten steps with a loss on all that it exposes.

    `architectures` are named after networks or roles; a network without one is a small dense network. `inputs` are the
    files for `sample`, `output` the file (or folder) that it shall write.
    """
    cls = type(task)
    with explained(cls, "the data"):
        source = data.open() if isinstance(data, Dataset) else data
    _check_exposes(task)
    _check_networks(task, source)
    _check_prepare(task, source)
    run = check_repeatable(cls, lambda: _run(task, source, architectures or {}))
    for player in PLAYERS:
        _check_update(task, run, player)
    networks = run.model.sampling_networks()
    _check_picture(task, source, networks)
    _check_evaluate(task, source, networks)
    _check_sample(task, networks, inputs, output)


def _run(task: Task, source: Source, architectures: Mapping[str, Architecture]) -> ShortRun:
    from ganzoo.contracts.timeline import Timeline
    from ganzoo.data.loader import StepBatches

    cls = type(task)
    with explained(cls, "cannot be copied"):
        fresh = copy.deepcopy(task)
    with explained(cls, "prepare()"):
        size = min(len(source), _COUNT)
        batches = StepBatches(source, fresh, batch_size=size, seed=0, timeline=Timeline([("train", STEPS)]))
    parts = Parts(fresh, architectures, all_losses(fresh.exposes))
    return ShortRun(cls, parts, source.fields, batches.tensors)


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


def _check_networks(task: Task, source: Source) -> None:
    parts = Parts(task, {}, [])
    with explained(type(task), "networks()"):
        specs, again = specs_of(parts, source.fields), specs_of(parts, source.fields)
    demand(specs == again, type(task), "networks() must return the same networks each time")


def _check_prepare(task: Task, source: Source) -> None:
    """Ask for rows that depend on the example, the random stream and the step alone."""
    cls, rows = type(task), []
    for index in range(min(len(source), _EXAMPLES)):
        example = source[index]
        with explained(cls, "prepare()"), left_as_they_are(cls, "prepare()", dict(example)):
            row, again = (task.prepare(example, rng=_numpy(index), step=Step(number=0)) for _ in range(2))
        _demand_arrays(cls, "prepare()", row)
        demand(same(row, again), cls, "prepare() must draw all randomness from rng: the same rng, the same row")
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


def _check_picture(task: Task, source: Source, networks: Mapping[str, Network]) -> None:
    cls = type(task)
    with explained(cls, "fixed_inputs()"):
        inputs, again = (task.fixed_inputs(source, count=_COUNT, rng=_numpy(0)) for _ in range(2))
    is_mapping = isinstance(inputs, Mapping)
    demand(is_mapping, cls, f"fixed_inputs() must return arrays by name, not {type(inputs).__name__}")
    demand(same(inputs, again), cls, "fixed_inputs() must draw all randomness from rng")
    with explained(cls, "picture()"), left_as_they_are(cls, "picture()", inputs):
        picture, twin = (task.picture(networks, inputs) for _ in range(2))
    _demand_picture(cls, "picture()", picture)
    demand(same(picture, twin), cls, "picture() must draw the same each time")


def _demand_picture(cls: type[Any], what: str, picture: Any) -> None:
    is_array = isinstance(picture, np.ndarray)
    found = f"{picture.shape} {picture.dtype}" if is_array else type(picture).__name__
    fits = is_array and picture.dtype == np.uint8 and picture.ndim == _IMAGE_AXES and picture.shape[2] == _IMAGE_AXES
    demand(fits, cls, f"{what} must return uint8, height x width x 3, not {found}")


def _check_evaluate(task: Task, source: Source, networks: Mapping[str, Network]) -> None:
    cls = type(task)
    with explained(cls, "evaluate()"):
        found, again = (list(task.evaluate(networks, source, rng=_random("evaluate"))) for _ in range(2))
    for scored in found:
        _check_scored(cls, scored)
    methods = list(dict.fromkeys(scored.method for scored in found))
    demand(_TRAINED in methods, cls, f"evaluate() must yield the row '{_TRAINED}'; it has {methods}")
    results = [[(each.method, each.output, each.target) for each in every] for every in (found, again)]
    demand(same(*results), cls, "evaluate() must draw all randomness from rng: the same rng, the same results")


def _check_scored(cls: type[Any], scored: Any) -> None:
    demand(isinstance(scored, Scored), cls, f"evaluate() must yield Scored, not {type(scored).__name__}")
    for what in ("output", "target"):
        part = getattr(scored, what)
        demand(isinstance(part, Mapping), cls, f"evaluate(): {what} must be arrays by name, not {type(part).__name__}")
    if scored.picture is not None:
        _demand_picture(cls, "evaluate(): picture", scored.picture)


def _check_sample(task: Task, networks: Mapping[str, Network], inputs: Sequence[Path], output: str) -> None:
    cls = type(task)
    contents = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder, explained(cls, "sample()"):
            try:
                written = task.sample(networks, inputs, Path(folder) / output, count=_COUNT, rng=_random("sample"))
            except RecipeError:
                if not inputs:
                    return  # it works on files alone, and none were given
                raise
            outside = [str(path) for path in written if not Path(path).resolve().is_relative_to(Path(folder).resolve())]
            demand(not outside, cls, f"sample() must write to its output, not to {outside}")
            contents.append({Path(path).name: Path(path).read_bytes() for path in written})
    demand(same(*contents), cls, "sample() must draw all randomness from rng: the same rng, the same files")


def _numpy(index: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(index))


def _random(name: str) -> Any:
    from ganzoo.streams import Random

    return Random(0, name)
