"""One run from start, or from where it stopped, to its last file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tomli_w

from ganzoo.assembly import assemble
from ganzoo.blame import blaming
from ganzoo.contracts.results import Sources
from ganzoo.data.opening import TrainingData, fit
from ganzoo.errors import CheckpointError, PluginError, RecipeError
from ganzoo.execution.keras_internals import get_device
from ganzoo.recipe import Recipe, weight_determining
from ganzoo.runs import files
from ganzoo.runs.arrays import pack_arrays
from ganzoo.runs.checkpoint import Loaded
from ganzoo.runs.environment import describe_plugins, differences, environment, plugins_in_use
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.manifest import describe_data, describe_run
from ganzoo.training import determinism
from ganzoo.training.evaluation import BestScore, Scores, check_metrics, read_scores, scores_record
from ganzoo.training.export import Gallery, export_networks
from ganzoo.training.keras_callbacks import checked
from ganzoo.training.rehearsal import rehearse_scores
from ganzoo.training.reload import trained_networks
from ganzoo.training.setup import build_model
from ganzoo.training.signals import StopRequest
from ganzoo.training.trainer import Observer, Trainer
from ganzoo.training.warm_start import WarmStart


def launch(
    recipe: Recipe,
    run: RunFolder,
    observer: Observer,
    *,
    sources: Sources,
    held_out: Sources | None,
    plugins: Iterable[Any],
    resume: bool = False,
    allow_drift: bool = False,
    start: WarmStart | None = None,
    stop: StopRequest | None = None,
    callbacks: Sequence[Any] = (),
) -> Scores | None:
    """Train on `sources` to the recipe's end in the run folder, write networks and scores, return the scores.

    The caller holds the folder (`run.working()`) and lets `stop` watch for signals if it wants any watched.
    A folder that already holds this run is continued; with `resume` it must. Everything that can be wrong is found
    before the first step: networks, feature weights, the folder, other data or another environment than the run began
    with (`allow_drift` resumes and records it in the manifest). `start` gives a new run the weights of another.
    `callbacks` are those of Keras.
    """
    stop = stop or StopRequest()
    # first of all, as it needs no network: the folder must hold this run or none
    check_recipe(recipe, run, resume=resume)
    # kernels are chosen before any is used
    device = get_device()
    kept = choose_kernels(recipe)
    trainer = prepare(
        recipe, run, observer, sources, held_out, environment=environment(describe_plugins(plugins, recipe.used))
    )
    if start is not None and not run.exists:
        list(start.apply(trainer.model))  # weights that do not fit are reported before anything is written
    trainer.callbacks = checked(callbacks) if callbacks else []
    check_scores(trainer)
    rehearsing = recipe.train.determinism == "strict" or (kept == "strict" and device == "cuda")
    if rehearsing and not run.exists:
        trainer.rehearse()
        rehearsing = False
    stop.check()
    # from here on the folder holds a run
    write_manifest(trainer, kept, start)
    with no_recipe_errors():
        return _go_on(trainer, stop, start, allow_drift=allow_drift, rehearsing=rehearsing)


def _go_on(
    trainer: Trainer, stop: StopRequest, start: WarmStart | None, *, allow_drift: bool, rehearsing: bool
) -> Scores | None:
    """Train and finish the run that the folder holds."""
    run = trainer.run
    # before anything is decided by it: a checkpoint counts only when it verifies
    loaded = trainer.load()
    trainer.checkpoints.rotate()  # a process may have been killed between a save and this
    # before the environment is compared: a finished run computes nothing more
    if is_finished(trainer, loaded):
        trainer.observer.note(f"{run.path}: the run is finished already; nothing to train")
        return read_scores(run.evaluation)
    check_drift(trainer, loaded, allow=allow_drift)
    if rehearsing:
        trainer.rehearse()
    loaded = loaded or apply_warm_start(trainer, start)
    trainer.train(trainer.adopt(loaded), stop)
    return finish(trainer)


def choose_kernels(recipe: Recipe) -> str:
    """Configure torch as the recipe asks; return how deterministic that is."""
    kept = determinism.resolve(recipe.train.determinism, get_device())
    determinism.enforce(kept)
    determinism.allow_tf32(recipe.train.tf32)
    return kept


def prepare(
    recipe: Recipe,
    run: RunFolder,
    observer: Observer,
    sources: Sources,
    held_out: Sources | None,
    *,
    environment: Mapping[str, Any],
) -> Trainer:
    """Build every network, loss and metric; raises what is wrong before anything is written."""
    wants_best = recipe.train.best is not None
    if wants_best and (recipe.train.evaluate_every is None or held_out is None or not recipe.metrics):
        raise RecipeError("train.best: needs train.evaluate_every, a section [validation] and [[metrics]]")
    check_metrics(recipe.metrics, lambda: sources, observer.note)
    for wired in recipe.callbacks:
        with blaming(wired.callback, f"callback '{wired.key}'"):
            wired.callback.check()
    # a resumed run keeps the statistics of its data from its start
    data = TrainingData(sources, run.read_fitted() if run.exists else fit(recipe.task, sources))
    model = build_model(recipe, assemble(recipe, data.fields, data.fitted), data.fitted)
    trainer = Trainer(recipe, model, data, held_out, run, observer, environment=environment)
    batches = dict(trainer.batches.first_of_phases())
    model.prepare(next(iter(batches.values())), batches)
    return trainer


def check_scores(trainer: Trainer) -> None:
    """Refuse a task whose results cannot be scored, and a `train.best` that no earlier scores of this run know."""
    run, best = trainer.run, trainer.recipe.train.best
    if run.exists:
        wanted = None if best is None else BestScore.parse(best, trainer.product)
        if wanted is None or any(wanted.is_in(record) for record in run.scores.records()):
            return
    # a metric that fails loses its scores, which is reported when they are due
    rehearse_scores(trainer, trainer.trained(), note=lambda _message: None)


@contextmanager
def no_recipe_errors() -> Iterator[None]:
    """Turn a RecipeError of a component into a PluginError: the former promises that nothing was written."""
    try:
        yield
    except RecipeError as error:
        raise PluginError(str(error)) from error


# -- may it resume? ----------------------------------------------------------------------------------------------------


def check_recipe(recipe: Recipe, run: RunFolder, *, resume: bool) -> None:
    """Refuse to resume nothing, or with another recipe; the differences are listed."""
    if not run.exists:
        if resume:
            raise CheckpointError(f"{run.path}: there is no run to resume; leave --resume out to start one")
        return
    if run.read_manifest().get("recipe_sha256") != recipe.digest():
        changes = _indented(differences(weight_determining(_stored_recipe(run)), weight_determining(recipe.resolved)))
        raise CheckpointError(
            f"{run.path}: holds a run of another recipe; undo these changes, or start a new run from its weights with "
            f"--name NEW --fork {run.path}:\n{changes}"
        )


def write_manifest(trainer: Trainer, kept: str, start: WarmStart | None) -> None:
    """Write recipe and manifest of a new run; of a resumed run, the recipe with what may change."""
    recipe, run = trainer.recipe, trainer.run
    resolved = tomli_w.dumps(dict(recipe.resolved)).encode()
    if run.exists:
        origin = run.read_manifest().get("origin")
        if start is not None and origin != start.origin():
            raise CheckpointError(
                f"{run.path}: this run began from {origin or 'random weights'}; give the new one a --name"
            )
        if run.recipe.read_bytes() != resolved:
            files.write_durably(run.recipe, resolved)
        return
    files.write_durably(run.recipe, resolved)
    if trainer.data.fitted:
        files.write_durably(run.fitted, pack_arrays(trainer.data.fitted))
    manifest = describe_run(
        name=run.path.name,
        digest=trainer.digest,
        seed=recipe.train.seed,
        determinism=kept,
        data=describe_data(trainer.data),
        environment=trainer.environment,
    )
    run.write_manifest({**manifest, "origin": start.origin() if start else None})


def is_finished(trainer: Trainer, loaded: Loaded | None) -> bool:
    """Return whether nothing is left to do, and the last state verifies."""
    return (
        loaded is not None and loaded.step == trainer.total and trainer.run.read_manifest().get("status") == "finished"
    )


def check_drift(trainer: Trainer, loaded: Loaded | None, *, allow: bool) -> None:
    """Refuse to resume with other data or in another environment, or record what changed."""
    run = trainer.run
    manifest = run.read_manifest()
    now = {"environment": dict(trainer.environment), "data": describe_data(trainer.data)}
    written = json.loads(files.to_json(now))
    before = {key: manifest.get(key) or {} for key in now}
    changes = list(differences(before, written))
    if not changes:
        if written != before:
            run.write_manifest({**manifest, **now})
        return
    refused = list(differences(*_without_changed_metrics(_decisive(before), _decisive(written))))
    if refused and not allow:
        raise CheckpointError(
            f"{run.path}: an exact resume needs the environment of the start, but this changed:\n{_indented(refused)}\n"
            f"undo it, or resume with --allow-drift, which the manifest records, or start a new run from its weights "
            f"with --name NEW --fork {run.path}"
        )
    step = loaded.step if loaded else 0
    stamp = [*manifest.get("drift", []), {"after_step": step, "changes": changes}]
    run.write_manifest({**manifest, **now, "drift": stamp})
    trainer.observer.note(f"resuming after step {step} although this changed:\n{_indented(changes)}")


def _decisive(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return environment and data without the plugins that the recipe does not use."""
    return {**state, "environment": plugins_in_use(state["environment"])}


def _without_changed_metrics(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Leave out the plugins that only one of both uses: they offer other metrics or validation data.

    All else that a plugin could offer is in the part of the recipe that was compared before.
    """
    environments = [side["environment"] for side in (old, new)]
    plugins = [found if isinstance(found := side.get("plugins"), dict) else {} for side in environments]
    for whole, environment_, own in zip((old, new), environments, plugins, strict=True):
        shared = {name: own[name] for name in own if all(name in other for other in plugins)}
        yield {**whole, "environment": {**environment_, "plugins": shared}}


def apply_warm_start(trainer: Trainer, start: WarmStart | None) -> Loaded | None:
    """Give a run without a checkpoint the weights it starts from, if any, and save them as its step 0."""
    run = trainer.run
    origin = run.read_manifest().get("origin")
    if start is None and origin is None:
        return None
    if start is None or origin != start.origin():
        raise CheckpointError(
            f"{run.path}: began from the weights of {json.dumps(origin)}, which are not taken over yet; "
            "run the command it was started with again"
        )
    for note in start.apply(trainer.model):
        trainer.observer.note(note)
    trainer.save(0)
    return trainer.load()


def _stored_recipe(run: RunFolder) -> dict[str, Any]:
    try:
        return tomllib.loads(run.recipe.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{run.recipe}: cannot be read: {error}") from error


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


# -- the end -----------------------------------------------------------------------------------------------------------


def finish(trainer: Trainer) -> Scores | None:
    """Export the products as they are saved, score them on held-out data, mark the run as finished."""
    recipe, run = trainer.recipe, trainer.run
    # from the checkpoint, as a later process would: the bytes are the same whether this process trained or not
    trained, step = trained_networks(run, recipe)
    run.require()
    export_networks(run, trained.networks, trainer.products)
    scores = None
    if trainer.held_out is not None and recipe.metrics:
        trainer.clear_held_out()
        scores = trainer.evaluate(trained, show=Gallery(trainer.show_held_out))
        trainer.keep_scores(step, scores)
        files.write_durably(run.evaluation, files.to_json(scores_record(scores, step)))
    # last of all: a run is finished when every file is there
    run.write_manifest({**run.read_manifest(), "status": "finished"})
    return scores
