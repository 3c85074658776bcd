"""Scores on held-out data: one table row for each method."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.task import Scored, Task
from ganzoo.contracts.tensor import Network
from ganzoo.contracts.wiring import WiredMetric
from ganzoo.runs.files import read_json
from ganzoo.streams import Random


@dataclass(frozen=True)
class Scores:
    """Scores by method, then by name; `examples` is how many held-out examples each method was scored on."""

    rows: Mapping[str, Mapping[str, float]]
    examples: Mapping[str, int]
    larger_is_better: Mapping[str, bool]

    def best(self, name: str) -> float:
        """Return the best value of one score over all methods."""
        choose = max if self.larger_is_better[name] else min
        return choose(row[name] for row in self.rows.values() if name in row)


def evaluate(
    task: Task,
    networks: Mapping[str, Network],
    source: Source,
    metrics: Sequence[WiredMetric],
    *,
    seed: int,
    show: Callable[[Scored], None] | None = None,
) -> Scores:
    """Let the task produce results on held-out data and every metric score them; `show` is handed each result."""
    metrics_of: dict[str, list[Metric]] = {}
    examples: dict[str, int] = {}
    for scored in task.evaluate(networks, source, rng=Random(seed, "evaluate")):
        if scored.method not in metrics_of:
            metrics_of[scored.method] = built(metrics)
        for metric in metrics_of[scored.method]:
            metric.update(scored.output, scored.target)
        if show is not None:
            show(scored)
        examples[scored.method] = examples.get(scored.method, 0) + scored.examples
    return Scores(
        rows={method: _results(found) for method, found in metrics_of.items()},
        examples=examples,
        larger_is_better={
            name: metric.larger_is_better
            for found in metrics_of.values()
            for metric in found
            for name in metric.result()
        },
    )


def built(metrics: Sequence[WiredMetric]) -> list[Metric]:
    """Return a fresh, ready instance of each metric; DataError when one lacks its weights."""
    fresh = [wired.make() for wired in metrics]
    for metric in fresh:
        metric.build()
    return fresh


def scores_record(scores: Scores, step: int) -> dict[str, Any]:
    """Return scores as they are stored: with the step and the number of examples; null where one is no number."""
    return {
        "step": step,
        "examples": dict(scores.examples),
        "scores": {
            method: {name: value if math.isfinite(value) else None for name, value in row.items()}
            for method, row in scores.rows.items()
        },
        "larger_is_better": dict(scores.larger_is_better),
    }


def read_scores(path: Path) -> Scores | None:
    """Return scores that were stored by an earlier process; None where there are none that can be read."""
    try:
        record = read_json(path)
        rows = {
            method: {name: math.nan if value is None else float(value) for name, value in row.items()}
            for method, row in record["scores"].items()
        }
        return Scores(rows, record["examples"], record["larger_is_better"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _results(metrics: Sequence[Metric]) -> dict[str, float]:
    return {name: float(value) for metric in metrics for name, value in metric.result().items()}
