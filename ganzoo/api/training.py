"""`ganzoo run` as a function."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.api.run import Run, open_run
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.results import Sources
from ganzoo.data.opening import by_stream, check_examples, data_texts, open_sources
from ganzoo.data.stream import SINGLE
from ganzoo.errors import RecipeError, Stopped
from ganzoo.recipe import Recipe, load_with
from ganzoo.recipe.own_data import FROM_PYTHON
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.recipes import load_run_recipe, without_younger_options
from ganzoo.training.observer import Observer
from ganzoo.training.signals import StopRequest
from ganzoo.zoo import Zoo, load_zoo

if TYPE_CHECKING:
    import keras

    from ganzoo.training.warm_start import WarmStart


def train(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    *,
    name: str | None = None,
    runs: str | Path = "runs",
    profile: str | None = None,
    overrides: str | Sequence[str] | Mapping[str, Any] = (),
    zoo: Zoo | None = None,
    data: Source | Sources | None = None,
    validation: Source | Sources | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    fork: str | Path | None = None,
    weights: Mapping[str, str | Path] | None = None,
    allow_drift: bool = False,
    verbose: bool = True,
) -> Run:
    """Train a recipe, or resume a run, as `ganzoo run` does, and return the run.

    `recipe` is what `load_recipe` takes, or a run folder; a recipe from a dict needs the `name` of the run. The same
    call resumes a run that was stopped, and so does the command line, to the same bytes.

    `data` and `validation` are examples from Python in place of the recipe's: a source (see `ganzoo.sources`), or a
    dict of one for each stream of the task. With `data` alone, nothing is held out for scores.

    `callbacks` are called as by Keras: after each step (the batch is the step of the run, logs are numbers) and at the
    end of the only epoch (logs are means); `self.model` is the `AdversarialModel`. One that sets `stop_training` ends
    the call with the run saved and unfinished. One that only looks changes no byte; what one does to weights or
    optimizers becomes part of the run, and a resume without it does not repeat it.

    Ctrl-C (a notebook's interrupt) finishes the step, saves and raises `Stopped`. Without `verbose`, nothing is printed
    and notes go to the logger "ganzoo".
    """
    from ganzoo.assembly import training_device
    from ganzoo.training.launch import launch

    zoo = load_zoo() if zoo is None else zoo
    given = {"data": data, "validation": validation}
    try:
        with StopRequest("stopped, nothing is lost; the same call resumes") as stop:
            plan, run = _plan(recipe, name, Path(runs), given, zoo=zoo, profile=profile, overrides=overrides)
            with run.working(), _observer(plan, run, zoo, verbose=verbose) as observer:
                sources, held_out = _opened(plan, given)
                for text in data_texts(plan, sources, held_out):
                    observer.note(text)
                check_examples(plan, sources, held_out)
                stop.check()
                with training_device(plan.train.device):
                    launch(
                        plan,
                        run,
                        observer,
                        sources=sources,
                        held_out=held_out,
                        plugins=zoo.plugins,
                        allow_drift=allow_drift,
                        start=_start(fork, weights),
                        stop=stop,
                        callbacks=callbacks,
                    )
    except Stopped:
        if not stop.own:
            raise
    return open_run(run.path, zoo=zoo)


def _plan(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    name: str | None,
    runs: Path,
    given: Mapping[str, Any],
    *,
    zoo: Zoo,
    profile: str | None,
    overrides: str | Sequence[str] | Mapping[str, Any],
) -> tuple[Recipe, RunFolder]:
    """Return the recipe and the folder of its run."""
    sections = _sections(given)
    if isinstance(recipe, str | Path) and Path(recipe).is_dir():
        run = RunFolder.existing(Path(recipe))
        return load_run_recipe(run, zoo=zoo, profile=profile, overrides=overrides, sections=sections), run
    plan = load_with(recipe, sections, zoo=zoo, profile=profile, overrides=overrides)
    if name is None and isinstance(recipe, Mapping):
        raise RecipeError('name: a recipe from a dict has no name; give the run one, as name="mine"')
    run = RunFolder.named(runs, name or "-".join(filter(None, (plan.name, profile))))
    return without_younger_options(plan, run, zoo=zoo), run


def _sections(given: Mapping[str, Any]) -> dict[str, Mapping[str, Any] | None]:
    """Return what the recipe says of data that are given from Python; with these, its own [validation] has no part."""
    found: dict[str, Mapping[str, Any] | None] = {"validation": None} if given["data"] is not None else {}
    return found | {key: _section(each) for key, each in given.items() if each is not None}


def _section(given: Any) -> Mapping[str, Any]:
    is_named = isinstance(given, Mapping) and set(given) != {SINGLE}
    return dict.fromkeys(given, FROM_PYTHON) if is_named else FROM_PYTHON


def _opened(plan: Recipe, given: Mapping[str, Any]) -> tuple[dict[str, Source], dict[str, Source] | None]:
    """Return the training data and what is held out: those of the recipe where none are given."""
    sources, held_out = (
        open_sources(datasets or {}, key=key) if given[key] is None else by_stream(given[key], plan.task, key=key)
        for key, datasets in (("data", plan.data), ("validation", plan.validation))
    )
    return sources, held_out or None


def _start(fork: str | Path | None, weights: Mapping[str, str | Path] | None) -> WarmStart | None:
    from ganzoo.training.warm_start import WarmStart

    if fork is None and not weights:
        return None
    other = None if fork is None else RunFolder.existing(Path(fork))
    return WarmStart(fork=other, weights={name: Path(path) for name, path in (weights or {}).items()})


@contextmanager
def _observer(plan: Recipe, run: RunFolder, zoo: Zoo, *, verbose: bool) -> Iterator[Observer]:
    """Yield who is told how far the run is: the terminal or notebook, or the logger."""
    from ganzoo.commands._eta import seconds_per_step
    from ganzoo.commands._progress import RunProgress

    rates = seconds_per_step(run.timing.records(), plan.timeline)
    progress = RunProgress(plan.timeline, rates) if verbose else None
    observer: Observer = Quiet() if progress is None else progress
    try:
        for note in (f"{plan.name}: {plan.title}", f"run folder: {run.path}", *zoo.notices, *plan.notices):
            observer.note(note)
        yield observer
    finally:
        if progress is not None:
            progress.close()


class Quiet(Observer):
    """Prints nothing; notes go to the logger."""

    def note(self, message: str) -> None:
        logging.getLogger("ganzoo").info(message)
