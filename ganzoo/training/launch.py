"""One run from start, or from where it stopped, to its last file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tomli_w

from ganzoo.assembly import assemble
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.task import Scored
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError, RecipeError
from ganzoo.images import write_image
from ganzoo.recipe import Recipe
from ganzoo.runs.files import to_json, write_durably
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.manifest import describe_data, describe_run
from ganzoo.training.evaluation import Scores, built, evaluate, scores_record
from ganzoo.training.setup import build_model
from ganzoo.training.trainer import Observer, Trainer


def launch(
    recipe: Recipe,
    run: RunFolder,
    observer: Observer,
    *,
    source: Source,
    held_out: Source | None,
    plugins: Iterable[Any],
    resume: bool,
) -> Scores | None:
    """Train on `source` to the recipe's end in the run folder, write networks and scores, return the scores.

    A folder that already holds this run is continued; with `resume` it must. Everything that can be wrong is found
    before the first step: networks, feature weights, the folder.
    """
    check_resumable(recipe, run, resume=resume)
    run.probe()
    try:
        trainer = prepare(recipe, run, observer, source, held_out)
    except BaseException:
        run.discard_if_new()
        raise
    begin(recipe, run, trainer, plugins)
    first = trainer.restore()
    if first == trainer.model.timeline.total_steps and run.read_manifest()["status"] == "finished":
        observer.note(f"{run.path}: the run is finished already; nothing to train")
    else:
        trainer.train(first)
    return finish(recipe, run, trainer, held_out)


def prepare(recipe: Recipe, run: RunFolder, observer: Observer, source: Source, held_out: Source | None) -> Trainer:
    """Build every network, loss and metric; raises what is wrong before anything is written."""
    built(recipe.metrics)
    model = build_model(recipe, assemble(recipe, source.fields))
    trainer = Trainer(recipe, model, source, held_out or source, run, observer)
    model.prepare(trainer.batches.tensors(0))
    return trainer


def check_resumable(recipe: Recipe, run: RunFolder, *, resume: bool) -> None:
    """Refuse to resume nothing, or to go on with another recipe; the differences are listed."""
    if not run.exists:
        if resume:
            raise CheckpointError(f"{run.path}: there is no run to resume; leave --resume out to start one")
        return
    if run.read_manifest().get("recipe_sha256") != recipe.digest():
        stored = tomllib.loads(run.recipe.read_text(encoding="utf-8"))
        changes = "\n".join(f"  {line}" for line in differences(stored, recipe.resolved))
        raise RecipeError(
            f"{run.path}: holds a run of another recipe; start a new one with --name, or undo these changes:\n{changes}"
        )


def begin(recipe: Recipe, run: RunFolder, trainer: Trainer, plugins: Iterable[Any]) -> None:
    """Write recipe and manifest of a new run; refuse to go on with one whose data changed."""
    source = trainer.batches.source
    if not run.exists:
        write_durably(run.recipe, tomli_w.dumps(dict(recipe.resolved)).encode())
        run.write_manifest(
            describe_run(
                name=run.path.name, digest=recipe.digest(), seed=recipe.train.seed, source=source, plugins=plugins
            )
        )
    elif run.read_manifest()["data"] != describe_data(source):
        raise CheckpointError(f"{run.path}: the data changed since the run began; start a new run with --name")


def finish(recipe: Recipe, run: RunFolder, trainer: Trainer, held_out: Source | None) -> Scores | None:
    """Export the generator's networks, score them on held-out data, mark the run as finished."""
    networks = trainer.model.sampling_networks()
    for name in trainer.model.players["generator"].networks:
        export(networks[name], run, name)
    scores = None
    if held_out is not None and recipe.metrics:
        scores = evaluate(recipe.task, networks, held_out, recipe.metrics, seed=recipe.train.seed, show=Gallery(run))
        write_durably(run.evaluation, to_json(scores_record(scores, trainer.model.step_number)))
    run.write_manifest({**run.read_manifest(), "status": "finished"})
    return scores


class Gallery:
    """Writes the first few held-out results as pictures."""

    def __init__(self, run: RunFolder, most: int = 20) -> None:
        self._folder = run.held_out
        self._left = most

    def __call__(self, scored: Scored) -> None:
        """Write one result where it has a picture."""
        if scored.picture is not None and self._left > 0:
            self._left -= 1
            write_image(self._folder / f"{scored.name}-{scored.method}.png", scored.picture)


def export(network: Network, run: RunFolder, name: str) -> None:
    """Write one network as `NAME.keras`."""
    temporary = run.path / f".{name}.part.keras"
    network.save(temporary)
    temporary.replace(run.path / f"{name}.keras")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each key whose value changed."""
    before, after = dict(_flat(old)), dict(_flat(new))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{key}: {before.get(key, '(absent)')} -> {after.get(key, '(absent)')}"


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{key}.{name}" if key else name)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _flat(part, f"{key}.{index}")
    else:
        yield key, value
