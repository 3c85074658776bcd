"""Scores on held-out data: one table row for each method."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.extractor import weights_sha256
from ganzoo.contracts.metric import Fact, Identity, Metric
from ganzoo.contracts.notice import listening
from ganzoo.contracts.results import OpenTraining, Result, Sources, Trained
from ganzoo.contracts.task import Task
from ganzoo.contracts.wiring import WiredMetric
from ganzoo.data.opening import guarded
from ganzoo.errors import CheckpointError, ComponentError, RecipeError, Stopped, listing, nearest
from ganzoo.execution.keras_internals import get_device
from ganzoo.randomness import Random
from ganzoo.recipe import Recipe
from ganzoo.runs import identity
from ganzoo.runs.files import read_json
from ganzoo.training.floor import FLOOR, with_floor
from ganzoo.training.pictures import require_picture

Note = Callable[[str], None]


@dataclass(frozen=True)
class Scores:
    """Scores by method, then by name; `examples` is how many held-out examples each method was scored on.

    `failed` names the cells whose metric raised an error, by method; they are NaN in `rows`. `identity` has what
    decides each score and `provenance` which training made the networks: see `ganzoo.runs.identity`.
    """

    rows: Mapping[str, Mapping[str, float]]
    examples: Mapping[str, int]
    larger_is_better: Mapping[str, bool]
    failed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    identity: Mapping[str, Identity] = field(default_factory=dict)
    provenance: Identity = field(default_factory=dict)
    #: The standard deviation over seeds by method, then by name; empty for those of one seed.
    spread: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def best(self, name: str) -> float:
        """Return the best value of one score over all methods."""
        choose = max if self.larger_is_better[name] else min
        values = [row[name] for row in self.rows.values() if name in row and not math.isnan(row[name])]
        return choose(values, default=math.nan)


def mean_of(found: Sequence[Scores]) -> Scores:
    """Return the means of scores of equal kind, with their spread; those of one seed as they are."""
    first = found[0]
    if len(found) == 1:
        return first
    values = {
        (method, name): np.array([each.rows[method].get(name, math.nan) for each in found])
        for method, row in first.rows.items()
        for name in row
    }

    def table(of: Callable[[Any], Any]) -> dict[str, dict[str, float]]:
        return {method: {name: float(of(values[method, name])) for name in row} for method, row in first.rows.items()}

    return replace(
        first,
        rows=table(np.mean),
        spread=table(partial(np.std, ddof=1)),
        failed={method: names for each in reversed(found) for method, names in each.failed.items()},
        provenance={**first.provenance, "seeds": len(found)},
    )


@dataclass(frozen=True)
class BestScore:
    """The score that `train.best` names: `psnr_y` in the row of the first product, or `row/psnr_y` in another one."""

    row: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str, product: str) -> BestScore:
        """Return the row and the name of a score."""
        row, slash, name = text.rpartition("/")
        return cls(row if slash else product, name, text)

    def value(self, scores: Scores) -> float | None:
        """Return the score; None when its metric failed or gave a number that is not finite."""
        value = scores.rows.get(self.row, {}).get(self.name, math.nan)
        return value if math.isfinite(value) else None

    def is_in(self, record: Mapping[str, Any]) -> bool:
        """Return whether a line of scores.jsonl has this score."""
        rows = record.get("scores")
        row = rows.get(self.row) if isinstance(rows, dict) else None
        return isinstance(row, dict) and self.name in row

    def __str__(self) -> str:
        return self.text


class _Measure:
    """One metric for one row. An exception of the metric loses its own cells only, and is reported once."""

    def __init__(self, wired: WiredMetric, training: OpenTraining, note: Note, told: set[str]) -> None:
        self._wired = wired
        self._note = note
        self._told = told
        self._metric: Metric | None = None
        self.is_broken = False
        self.larger_is_better = True
        self.values: dict[str, float] = {}
        self.identity: Identity = {}
        with self._guarded(self):
            self._metric = make_metric(wired, training)
            self.larger_is_better = self._metric.larger_is_better

    def update(self, scored: Result) -> None:
        """Hand one result to the metric."""
        if self._metric is not None and not self.is_broken:
            with self._guarded(self._metric):
                self._metric.update(scored.output, scored.target)

    def finish(self) -> None:
        """Take the metric's numbers."""
        if self._metric is not None and not self.is_broken:
            with self._guarded(self._metric):
                self.values = {str(name): float(value) for name, value in self._metric.result().items()}
                table = dict(self._wired.table)
                named = {"metric": table.pop("name", self._wired.key)}
                self.identity = {**named, **identity.flat({**table, **self._metric.identity()}, "metric.")}

    @contextmanager
    def _guarded(self, component: object) -> Iterator[None]:
        key = self._wired.key
        try:
            with blaming(component, f"metric '{key}'"):
                yield
        except Stopped:
            raise
        except Exception as error:
            self.is_broken = True
            if key not in self._told:
                self._told.add(key)
                self._note(f"{str(error) or type(error).__name__}; its scores are missing, the others are not affected")


def evaluate(
    recipe: Recipe,
    trained: Trained,
    sources: Sources,
    *,
    products: Collection[str],
    training: OpenTraining,
    metrics: Sequence[WiredMetric] | None = None,
    datasets: Mapping[str, Any] | None = None,
    seed: int | None = None,
    floor: bool = False,
    show: Callable[[Result], None] | None = None,
    note: Note = lambda _message: None,
) -> Scores:
    """Score the task's results on held-out data with every metric; `show` receives each result.

    Metrics, the tables of the held-out `datasets` by stream, and the seed of what the task draws are the recipe's where
    none are given. `training` opens the training data for metrics that compare with them, and for the row `floor` where
    that is wanted. A metric that fails loses its own cells; `note` receives the reason.
    """
    trained = replace(trained, training=training)
    seed = recipe.train.seed if seed is None else seed
    found = results(recipe.task, trained, sources, seed=seed, products=products)
    if floor:
        found = with_floor(found, next(iter(products)), training(), Random(seed, FLOOR))
    metrics = recipe.metrics if metrics is None else metrics
    datasets = recipe.resolved_validation if datasets is None else datasets
    scores = score(found, metrics, training=training, show=show, note=note)
    return _identified(scores, recipe, trained, sources, products, datasets)


def _identified(
    scores: Scores,
    recipe: Recipe,
    trained: Trained,
    sources: Sources,
    products: Collection[str],
    datasets: Mapping[str, Any],
) -> Scores:
    """Return the scores with what decides each of them, and where the networks come from."""
    shared = identity.identity_of_protocol(recipe, sources, datasets)
    shared["examples"] = next(scores.examples[name] for name in products if name in scores.examples)
    digest = weights_sha256(*(trained.networks[name] for name in sorted(products)))
    return replace(
        scores,
        identity={name: {**shared, **own} for name, own in scores.identity.items()},
        provenance=identity.provenance(recipe, digest, get_device()),
    )


def score(
    found: Iterable[Result],
    metrics: Sequence[WiredMetric],
    *,
    training: OpenTraining,
    show: Callable[[Result], None] | None = None,
    note: Note = lambda _message: None,
) -> Scores:
    """Score these results with every metric, as `evaluate` does."""
    measures: dict[str, dict[str, _Measure]] = {}
    examples: dict[str, int] = {}
    told: set[str] = set()
    for scored in found:
        if scored.method not in measures:
            measures[scored.method] = {wired.key: _Measure(wired, training, note, told) for wired in metrics}
        measure(measures[scored.method], scored)
        if show is not None:
            show(scored)
        examples[scored.method] = examples.get(scored.method, 0) + scored.examples
    return _table(measures, examples)


def results(
    task: Task, trained: Trained, sources: Sources, *, seed: int, products: Collection[str]
) -> Iterator[Result]:
    """Yield what a task makes of held-out data; PluginError naming the task when it fails or breaks its contract.

    At least one of the `products`, the networks that the training is for, must have a row among the results.
    """
    seen: set[str] = set()
    with blaming(task, "task, evaluate()"):
        for result in task.evaluate(trained, guarded(sources, "the held-out data"), rng=Random(seed, "evaluate")):
            _check_result(task, result)
            seen.add(result.method)
            yield result
    if not seen & set(products):
        problem = f"evaluate() yielded no row of a product ({listing(products)}); it has {listing(seen)}"
        raise broken_contract(task, "task", problem)


def _check_result(task: Task, result: Any) -> None:
    if not isinstance(result, Result):
        raise broken_contract(task, "task", f"evaluate() yielded {type(result).__name__}, expected a Result")
    for part, kind in (("method", str), ("name", str), ("output", Mapping), ("target", Mapping)):
        value = getattr(result, part)
        if not isinstance(value, kind):
            problem = f"evaluate() yielded a result whose {part} is {type(value).__name__}, expected {kind.__name__}"
            raise broken_contract(task, "task", problem)
    if result.picture is not None:
        require_picture(task, "evaluate() yielded a result whose picture is", result.picture)


def measure(row: Mapping[str, _Measure], scored: Result) -> None:
    """Hand one result to the metrics of its row."""
    for each in row.values():
        each.update(scored)


def _table(measures: Mapping[str, Mapping[str, _Measure]], examples: Mapping[str, int]) -> Scores:
    """Return the scores; a metric that failed in one row has the names there that it has in others, or its key."""
    rows: dict[str, dict[str, float]] = {}
    failed: dict[str, list[str]] = {}
    larger: dict[str, bool] = {}
    identities: dict[str, Identity] = {}
    names: dict[str, list[str]] = {}
    for row in measures.values():
        for key, each in row.items():
            each.finish()
            identities |= dict.fromkeys(each.values, each.identity)
            if each.values:
                names[key] = list(dict.fromkeys([*names.get(key, []), *each.values]))
    for method, row in measures.items():
        rows[method] = {}
        for key, each in row.items():
            if each.is_broken:
                missing = names.get(key, [key])
                failed.setdefault(method, []).extend(missing)
                rows[method] |= dict.fromkeys(missing, math.nan)
            rows[method] |= each.values
            larger |= dict.fromkeys(names.get(key, [key] if each.is_broken else []), each.larger_is_better)
    return Scores(rows, dict(examples), larger, failed, identities)


def make_metric(wired: WiredMetric, training: OpenTraining) -> Metric:
    """Return a fresh, ready instance of a metric; DataError when it lacks its weights, ComponentError when it fails."""
    metric = wired.make()
    with blaming(metric, f"metric '{wired.key}'"):
        metric.build(training)
    return metric


def check_metrics(metrics: Sequence[WiredMetric], training: OpenTraining, note: Note) -> None:
    """Build every metric once: DataError when one lacks its weights; one that fails otherwise is reported."""
    for wired in metrics:
        try:
            with listening(note):
                make_metric(wired, training)
        except ComponentError as error:
            note(f"{error}; its scores will be missing, the others are not affected")


def waited_since(records: Iterable[Mapping[str, Any]], best: BestScore) -> tuple[int, int]:
    """Return after how many steps the best score was found, and how many evaluations followed that gave no better one.

    `records` are lines of scores.jsonl; the start of a run is not compared, as it is never kept as the best state.
    """
    top, since, waited = -math.inf, 0, 0
    for record in records:
        if record["step"] == 0 or not best.is_in(record):
            continue
        value = record["scores"][best.row][best.name]
        better = record.get("larger_is_better")
        sign = 1 if isinstance(better, dict) and better.get(best.name) else -1
        if isinstance(value, int | float) and sign * value > top:
            top, since, waited = sign * value, record["step"], 0
        else:
            waited += 1
    return since, waited


def require_score(best: BestScore, scores: Scores) -> None:
    """RecipeError when there is no such row, or no such score in it; a metric that failed is taken on trust."""
    if best.row not in scores.rows:
        rows = scores.rows
        raise RecipeError(
            f"train.best: there is no row '{best.row}'{nearest(best.row, rows)}; known are {listing(rows)}"
        )
    row = scores.rows[best.row]
    if best.name not in row and not scores.failed:
        raise RecipeError(
            f"train.best: there is no score '{best.name}'{nearest(best.name, row)}; known are {listing(row)}"
        )


# -- on disk -----------------------------------------------------------------------------------------------------------


def scores_record(scores: Scores, step: int) -> dict[str, Any]:
    """Return scores as they are stored: with the step and the number of examples; null where one is not a number."""
    record = {
        "step": step,
        "examples": dict(scores.examples),
        "scores": _json(scores.rows),
        "larger_is_better": dict(scores.larger_is_better),
        "identity": {name: dict(found) for name, found in scores.identity.items()},
        "provenance": {"step": step, **scores.provenance},
    }
    if scores.spread:
        record["spread"] = _json(scores.spread)
    if scores.failed:
        record["failed"] = {method: list(names) for method, names in scores.failed.items()}
    return record


def _json(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    return {
        method: {name: value if math.isfinite(value) else None for name, value in row.items()}
        for method, row in rows.items()
    }


def read_scores(path: Path) -> Scores | None:
    """Return scores that were stored by an earlier process; None where there are none. CheckpointError when damaged."""
    if not path.exists():
        return None
    try:
        return _checked(read_json(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise CheckpointError(
            f"{path}: is damaged ({type(error).__name__}: {error}); remove it, and ganzoo evaluate scores the run again"
        ) from error


def _checked(record: Any) -> Scores:
    """Return the scores of a record, every part of the type it must have; ValueError and the like otherwise."""
    rows = {
        method: {name: math.nan if value is None else _number(value) for name, value in row.items()}
        for method, row in record["scores"].items()
    }
    examples = {method: int(_number(record["examples"][method])) for method in rows}
    better = {name: record["larger_is_better"][name] for row in rows.values() for name in row}
    if not all(isinstance(flag, bool) for flag in better.values()):
        raise TypeError("larger_is_better holds something else than true and false")
    failed = {method: [name for name in names if name in rows[method]] for method, names in _failed(record)}
    identities = {name: _facts(found) for name, found in record.get("identity", {}).items()}
    provenance = {name: value for name, value in _facts(record.get("provenance", {})).items() if name != "step"}
    return Scores(rows, examples, better, failed, identities, provenance)


def _facts(found: Mapping[str, Any]) -> dict[str, Fact]:
    for name, value in found.items():
        if not (value is None or isinstance(value, str | int | float)):
            raise TypeError(f"identity: {name} is {type(value).__name__}")
    return dict(found)


def _failed(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(record.get("failed", {}).items())


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} where a number was expected")
    return float(value)
