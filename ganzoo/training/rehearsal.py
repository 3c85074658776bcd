"""Everything that a run does, done once, so that errors at its end show before hours are spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.field import Field
from ganzoo.contracts.results import Result, Trained
from ganzoo.contracts.tensor import Example
from ganzoo.data.loader import StepLoader
from ganzoo.data.opening import guarded
from ganzoo.errors import PluginError
from ganzoo.training.evaluation import BestScore, Note, Scores, require_score, results, score
from ganzoo.training.export import Gallery, export_networks
from ganzoo.training.reload import trained_networks
from ganzoo.training.trainer import Trainer

#: Metrics of sets, such as `frechet`, have no score of a single image.
ENOUGH = 2


def rehearse(trainer: Trainer) -> Mapping[str, int]:
    """Do all that a run does once, in the trainer's folder; return how many examples each method was scored on.

    One batch of the worker processes, one step of each phase, one picture, one checkpoint, the exported networks, and
    the first results on held-out data with every metric. Raises what a run would raise, and PluginError where a metric
    fails, which would cost a run its scores.
    """
    rehearse_workers(trainer)
    trainer.rehearse()
    trainer.draw(0)
    trainer.save(0)
    trained, _ = trained_networks(trainer.run, trainer.recipe)
    export_networks(trainer.run, trained.networks, trainer.products)
    failures: list[str] = []
    scores = rehearse_scores(trainer, trained, failures.append, show=Gallery(trainer.show_held_out))
    if failures:
        raise PluginError("\n".join(failures))
    return {} if scores is None else scores.examples


def rehearse_workers(trainer: Trainer) -> None:
    """Prepare the first batch in a worker process, if the recipe has any."""
    if trainer.recipe.train.workers:
        with closing(StepLoader(trainer.batches, first=0, last=1, workers=1)) as loader:
            next(iter(loader))


def rehearse_scores(
    trainer: Trainer,
    trained: Trained,
    note: Note,
    *,
    show: Callable[[Result], None] | None = None,
) -> Scores | None:
    """Score the first results of each method on a few held-out examples, and hand them to `show`; nothing is written.

    PluginError when the task breaks its contract, RecipeError when `train.best` names no score; `note` receives which
    metric fails.
    """
    recipe, held_out = trainer.recipe, trainer.held_out
    if held_out is None or not recipe.metrics:
        return None
    whole = guarded(held_out, "the held-out data")
    few, training = (
        {name: FirstExamples(source, max(recipe.train.batch_size, ENOUGH)) for name, source in sources.items()}
        for sources in (whole, trainer.data.sources)
    )
    trained = replace(trained, training=lambda: training)
    with trainer.model.float32_eager():
        found = results(recipe.task, trained, few, seed=recipe.train.seed, products=trainer.products)
        first = first_of_each(found, trainer.products)
        scores = score(first, recipe.metrics, training=lambda: trainer.data.sources, show=show, note=note)
    if recipe.train.best is not None:
        require_score(BestScore.parse(recipe.train.best, trainer.product), scores)
    return scores


def first_of_each(found: Iterable[Result], products: Collection[str]) -> Iterator[Result]:
    """Yield the results of each method until it has `ENOUGH` examples; end when a product has and a method goes on."""
    seen: Counter[str] = Counter()
    for scored in found:
        if seen[scored.method] < ENOUGH:
            seen[scored.method] += scored.examples
            yield scored
        elif any(seen[product] >= ENOUGH for product in products):
            return


class FirstExamples(Source):
    """The first examples of a source."""

    def __init__(self, source: Source, most: int) -> None:
        self._source = source
        self._most = most

    @property
    def fields(self) -> Mapping[str, Field]:  # type: ignore[override]
        return self._source.fields

    def __len__(self) -> int:
        return min(len(self._source), self._most)

    def __getitem__(self, index: int) -> Example:
        return self._source[index]

    def name_of(self, index: int) -> str:
        return self._source.name_of(index)
