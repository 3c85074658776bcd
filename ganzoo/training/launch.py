"""One run from start, or from where it stopped, to its last file."""

from __future__ import annotations

import json
import math
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
from ganzoo.reporting import page
from ganzoo.runs import files
from ganzoo.runs.arrays import pack_arrays
from ganzoo.runs.checkpoint import Loaded, step_of
from ganzoo.runs.environment import describe_plugins, differences, environment, plugins_in_use
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.manifest import describe_data, describe_run
from ganzoo.training import determinism
from ganzoo.training.evaluation import BestScore, Scores, check_metrics, read_scores
from ganzoo.training.finishing import export_and_score
from ganzoo.training.keras_callbacks import checked
from ganzoo.training.observer import Observer
from ganzoo.training.rehearsal import rehearse_scores
from ganzoo.training.setup import build_model, notes_on
from ganzoo.training.signals import StopRequest
from ganzoo.training.trainer import Trainer
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
    until: float = math.inf,
) -> Scores | None:
    """Train on `sources` to the recipe's end in the run folder, write networks and scores, return the scores.

    The caller holds the folder (`run.working()`) and lets `stop` watch for signals if it wants any watched. At the
    time `until`, as `time.monotonic()` counts, training stops, and networks and scores are those of that step.
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
        return _go_on(trainer, stop, start, allow_drift=allow_drift, rehearsing=rehearsing, until=until)


def _go_on(
    trainer: Trainer, stop: StopRequest, start: WarmStart | None, *, allow_drift: bool, rehearsing: bool, until: float
) -> Scores | None:
    """Train and finish the run that the folder holds."""
    run = trainer.run
    # before anything is decided by it: a checkpoint counts only when it verifies
    loaded = trainer.load()
    trainer.checkpoints.rotate()  # a process may have been killed between a save and this
    # before the environment is compared: a finished run computes nothing more
    if is_finished(trainer, loaded):
        early = run.read_manifest().get("stopped_early")
        how = f"; it stopped early {early}" if early else ""
        trainer.observer.note(f"{run.path}: the run is finished already; nothing to train{how}")
        return read_scores(run.evaluation)
    check_drift(trainer, loaded, allow=allow_drift)
    take_up(trainer)
    if rehearsing:
        trainer.rehearse()
    loaded = loaded or apply_warm_start(trainer, start)
    return finish(trainer, trainer.train(trainer.adopt(loaded), stop, until=until))


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
    assembly = assemble(recipe, data.fields, data.fitted)
    for note in notes_on(recipe, assembly):
        observer.note(note)
    model = build_model(recipe, assembly, data.fitted)
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
    """Refuse to resume nothing, with another recipe, or to an end that the run is past; the differences are listed."""
    if not run.exists:
        if resume:
            raise CheckpointError(f"{run.path}: there is no run to resume; leave --resume out to start one")
        return
    ways_out = f"or start a new run from its weights with --name NEW --fork {run.path}"
    stored = _stored_recipe(run)
    if run.read_manifest().get("recipe_sha256") != recipe.digest():
        length = f"phases.{recipe.phases[-1].name}.steps: "  # it may change
        changes = differences(_by_phase(stored), _by_phase(recipe.resolved))
        decisive = _indented(line for line in changes if not line.startswith(length))
        raise CheckpointError(f"{run.path}: holds a run of another recipe; undo these changes, {ways_out}:\n{decisive}")
    before, end = _end(stored), recipe.timeline.total_steps
    done = max(map(step_of, run.checkpoints().paths()), default=0)
    if end < before and end <= done:
        last = recipe.phases[-1]
        raise CheckpointError(
            f"{run.path}: the run has done {done} steps already; ganzoo finish {run.path} exports and scores it where "
            f"it stands. Undo this change, {ways_out}:\n"
            f"  phases.{last.name}.steps: {last.steps + before - end} -> {last.steps}"
        )


def _by_phase(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides weights and length, with phases by name, as --set has them."""
    phases = {
        phase["name"]: {"position": index, **{key: value for key, value in phase.items() if key != "name"}}
        for index, phase in enumerate(resolved["phases"])
    }
    return {**weight_determining(resolved), "phases": phases}


def write_manifest(trainer: Trainer, kept: str, start: WarmStart | None) -> None:
    """Write recipe and manifest of a new run; CheckpointError when the run exists and began from something else."""
    recipe, run = trainer.recipe, trainer.run
    if run.exists:
        origin = run.read_manifest().get("origin")
        if start is not None and origin != start.origin():
            raise CheckpointError(
                f"{run.path}: this run began from {origin or 'random weights'}; give the new one a --name"
            )
        return
    files.write_durably(run.recipe, _as_toml(recipe))
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


def take_up(trainer: Trainer) -> None:
    """Write down what may have changed of a run that is trained on: its recipe, its end, and that it is running."""
    run, before = trainer.run, _end(_stored_recipe(trainer.run))
    if before != trainer.total:
        trainer.observer.note(f"the run now ends after step {trainer.total}, no longer after step {before}")
        trainer.move_end(before)
    resolved = _as_toml(trainer.recipe)
    if run.recipe.read_bytes() != resolved:
        files.write_durably(run.recipe, resolved)
    manifest = run.read_manifest()
    if manifest.get("status") != "running":
        kept = {key: value for key, value in manifest.items() if key != "stopped_early"}
        run.write_manifest({**kept, "status": "running"})


def is_finished(trainer: Trainer, loaded: Loaded | None) -> bool:
    """Return whether nothing is left to do, and the last state verifies."""
    run = trainer.run
    if loaded is None or run.read_manifest().get("status") != "finished" or _end(_stored_recipe(run)) != trainer.total:
        return False
    return loaded.step == trainer.total or trainer.stopped_early(loaded.step) is not None


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


def _end(stored: Mapping[str, Any]) -> int:
    """Return after how many steps the run was to end when its recipe was written."""
    return sum(phase["steps"] for phase in stored["phases"])


def _as_toml(recipe: Recipe) -> bytes:
    return tomli_w.dumps(dict(recipe.resolved)).encode()


def _stored_recipe(run: RunFolder) -> dict[str, Any]:
    """Return the recipe of a run as far as it is compared; somebody may have changed the file."""
    try:
        stored = tomllib.loads(run.recipe.read_text(encoding="utf-8"))
        phases = [(phase["name"], phase["steps"]) for phase in stored["phases"]]
        if not all(isinstance(name, str) and type(steps) is int for name, steps in phases):
            raise ValueError("its phases are damaged")
        return {**stored, "train": dict(stored["train"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{run.recipe}: cannot be read: {error}") from error


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


# -- the end -----------------------------------------------------------------------------------------------------------


def finish(trainer: Trainer, done: int) -> Scores | None:
    """Export and score the products where training ended; a run that is done is marked as finished."""
    run = trainer.run
    early = trainer.stopped_early(done) if done < trainer.total else None
    scores, step = export_and_score(
        trainer.recipe,
        run,
        held_out=trainer.held_out,
        training=lambda: trainer.data.sources,
        note=trainer.note_once,
    )
    if count := trainer.rollbacks.count:
        trainer.observer.note(f"rollbacks after a failure: {count} ({run.rollbacks.path})")
    manifest = run.read_manifest()
    if done < trainer.total and early is None:
        page.write_at_end(run, manifest, trainer.observer.note)
        trainer.observer.note(
            f"the time is over after step {step} of {trainer.total}; networks and scores are those of this step. "
            f"ganzoo run {run.path} resumes the run"
        )
        return scores
    if scores is not None:
        trainer.keep_scores(step, scores)
    if early is not None:
        trainer.observer.note(f"stopped early {early}")
    finished = {**manifest, "status": "finished"} | ({} if early is None else {"stopped_early": early})
    page.write_at_end(run, finished, trainer.observer.note)
    # last of all: a run is finished when every file is there
    run.write_manifest(finished)
    return scores
