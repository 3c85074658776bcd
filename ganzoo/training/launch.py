"""One run from start, or from where it stopped, to its last file."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import tomli_w

from ganzoo.assembly import assemble
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.task import Scored
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError, RecipeError
from ganzoo.execution.keras_internals import get_device, save_model
from ganzoo.recipe import Recipe, weight_determining
from ganzoo.runs import files
from ganzoo.runs.checkpoint import Loaded
from ganzoo.runs.environment import describe_plugins, differences, environment, plugins_in_use
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.manifest import describe_data, describe_run
from ganzoo.training import determinism
from ganzoo.training.evaluation import Scores, built, evaluate, read_scores, scores_record
from ganzoo.training.reload import trained_networks
from ganzoo.training.setup import build_model
from ganzoo.training.signals import StopRequest
from ganzoo.training.trainer import Observer, Trainer
from ganzoo.training.warm_start import WarmStart

#: The zip format knows no earlier day; a file that says when it was made never equals another.
_NO_DAY = (1980, 1, 1, 0, 0, 0)


def launch(
    recipe: Recipe,
    run: RunFolder,
    observer: Observer,
    *,
    source: Source,
    held_out: Source | None,
    plugins: Iterable[Any],
    resume: bool = False,
    allow_drift: bool = False,
    start: WarmStart | None = None,
    stop: StopRequest | None = None,
) -> Scores | None:
    """Train on `source` to the recipe's end in the run folder, write networks and scores, return the scores.

    The caller holds the folder (`run.working()`) and lets `stop` watch for signals if it wants any watched.
    A folder that already holds this run is continued; with `resume` it must. Everything that can be wrong is found
    before the first step: networks, feature weights, the folder, other data or another environment than the run began
    with (`allow_drift` goes on and says so in the manifest). `start` gives a new run the weights of another.
    """
    stop = stop or StopRequest()
    check_recipe(recipe, run, resume=resume)
    device = get_device()
    kept = determinism.resolve(recipe.train.determinism, device)
    determinism.enforce(kept)
    determinism.allow_tf32(recipe.train.tf32)
    trainer = prepare(recipe, run, observer, source, held_out)
    trainer.environment = environment(describe_plugins(plugins, recipe.used))
    if start is not None and not run.exists:
        list(start.apply(trainer.model))  # weights that do not fit are told before anything is written
    stop.check()
    begin(recipe, run, trainer, kept, start)
    loaded = trainer.load()
    for store in (trainer.checkpoints, run.best()):
        store.rotate()  # a process may have been killed between a save and this
    if is_finished(run, loaded, trainer):
        observer.note(f"{run.path}: the run is finished already; nothing to train")
        return read_scores(run.evaluation)
    accept_drift(run, trainer, loaded, allow=allow_drift)
    if recipe.train.determinism == "strict" or (kept == "strict" and device == "cuda"):
        trainer.rehearse()
    loaded = loaded or warm_up(run, trainer, start)
    trainer.train(trainer.adopt(loaded), stop)
    return finish(recipe, run, trainer, held_out)


def prepare(recipe: Recipe, run: RunFolder, observer: Observer, source: Source, held_out: Source | None) -> Trainer:
    """Build every network, loss and metric; raises what is wrong before anything is written."""
    if recipe.train.best is not None and (recipe.train.evaluate_every is None or held_out is None):
        raise RecipeError("train.best: needs train.evaluate_every, a section [validation] and [[metrics]]")
    built(recipe.metrics)
    model = build_model(recipe, assemble(recipe, source.fields))
    trainer = Trainer(recipe, model, source, held_out, run, observer)
    model.prepare(trainer.batches.tensors(0))
    return trainer


# -- may it go on? -----------------------------------------------------------------------------------------------------


def check_recipe(recipe: Recipe, run: RunFolder, *, resume: bool) -> None:
    """Refuse to resume nothing, or to go on with another recipe; the differences are listed."""
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


def begin(recipe: Recipe, run: RunFolder, trainer: Trainer, kept: str, start: WarmStart | None) -> None:
    """Write recipe and manifest of a new run; of one that goes on, the recipe with what may change."""
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
    manifest = describe_run(
        name=run.path.name,
        digest=trainer.digest,
        seed=recipe.train.seed,
        determinism=kept,
        data=describe_data(trainer.batches.source),
        environment=trainer.environment,
    )
    run.write_manifest({**manifest, "origin": start.origin() if start else None})


def is_finished(run: RunFolder, loaded: Loaded | None, trainer: Trainer) -> bool:
    """Return whether nothing is left to do, and the last state verifies."""
    return loaded is not None and loaded.step == trainer.total and run.read_manifest()["status"] == "finished"


def accept_drift(run: RunFolder, trainer: Trainer, loaded: Loaded | None, *, allow: bool) -> None:
    """Refuse to go on with other data or in another environment, or stamp the run with what changed."""
    manifest = run.read_manifest()
    now = {"environment": dict(trainer.environment), "data": describe_data(trainer.batches.source)}
    before, after = {key: manifest.get(key) or {} for key in now}, json.loads(files.to_json(now))
    changes = list(differences(before, after))
    if not changes:
        return
    refused = list(differences(_decisive(before), _decisive(after)))
    if refused and not allow:
        raise CheckpointError(
            f"{run.path}: to the byte, the run can only go on as it began, but this changed:\n{_indented(refused)}\n"
            f"undo it, or go on with --allow-drift, which the manifest will say, or start a new run from its weights "
            f"with --name NEW --fork {run.path}"
        )
    step = loaded.step if loaded else 0
    stamp = [*manifest.get("drift", []), {"after_step": step, "changes": changes}]
    run.write_manifest({**manifest, **now, "drift": stamp})
    trainer.observer.note(f"going on after step {step} although this changed:\n{_indented(changes)}")


def _decisive(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return environment and data without the plugins that the recipe does not use."""
    return {**state, "environment": plugins_in_use(state["environment"])}


def warm_up(run: RunFolder, trainer: Trainer, start: WarmStart | None) -> Loaded | None:
    """Give a run without a checkpoint the weights it starts from, if any, and save them as its step 0."""
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


def finish(recipe: Recipe, run: RunFolder, trainer: Trainer, held_out: Source | None) -> Scores | None:
    """Export the generator's networks as they are saved, score them on held-out data, mark the run as finished."""
    networks, step = trained_networks(run, recipe)
    for name in trainer.model.players["generator"].networks:
        files.write_durably(run.path / f"{name}.keras", exported(networks[name]))
    scores = None
    if held_out is not None and recipe.metrics:
        gallery = Gallery(run, trainer)
        scores = evaluate(recipe.task, networks, held_out, recipe.metrics, seed=recipe.train.seed, show=gallery)
        files.write_durably(run.evaluation, files.to_json(scores_record(scores, step)))
    run.write_manifest({**run.read_manifest(), "status": "finished"})
    return scores


class Gallery:
    """Writes the first few held-out results as pictures."""

    def __init__(self, run: RunFolder, trainer: Trainer, most: int = 20) -> None:
        self._run = run
        self._trainer = trainer
        self._left = most

    def __call__(self, scored: Scored) -> None:
        """Write one result where it has a picture."""
        picture = scored.picture
        if picture is not None and self._left > 0:
            self._left -= 1
            path = self._run.held_out / f"{scored.name}-{scored.method}.png"
            self._trainer.optional("held-out pictures", lambda: self._run.write_picture(path, picture))


def exported(network: Network) -> bytes:
    """Return one network as a `.keras` file: the same bytes for the same weights, whichever process writes it."""
    raw, plain = io.BytesIO(), io.BytesIO()
    save_model(network, raw)
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(plain, "w") as made:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name.endswith(".json"):
                content = json.dumps(_impersonal(json.loads(content), {})).encode()
            made.writestr(zipfile.ZipInfo(name, _NO_DAY), content)
    return plain.getvalue()


def _impersonal(value: Any, known: dict[int, int]) -> Any:
    """Replace what only the writing process means: the date, and addresses as names of shared objects."""
    if isinstance(value, list):
        return [_impersonal(part, known) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _impersonal(part, known) for key, part in value.items() if key != "date_saved"}
    if "shared_object_id" in found:
        found["shared_object_id"] = known.setdefault(found["shared_object_id"], len(known) + 1)
    return found
