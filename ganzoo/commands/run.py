"""`ganzoo run`: train a recipe."""

from __future__ import annotations

import math
import re
import shlex
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.commands._progress import RunProgress
    from ganzoo.contracts.results import Sources
    from ganzoo.recipe import Recipe
    from ganzoo.runs.folder import RunFolder
    from ganzoo.training.signals import StopRequest
    from ganzoo.zoo import Zoo


#: What a time may be given in.
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _seconds(_context: click.Context, _option: click.Parameter, text: str | None) -> float:
    """Return the seconds of a time as 90s, 30m or 2h; without end where none is given."""
    if text is None:
        return math.inf
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a time; expected a number with a unit: 90s, 30m or 2h")
    return float(found[1]) * _SECONDS[found[2]]


@click.command(name="run")
@click.argument("recipe")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value, e.g. train.seed=1; repeatable."
)
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, e.g. smoke.")
@click.option("--name", metavar="NAME", help="Name of the run; the recipe's (and profile's) by default.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--resume", is_flag=True, help="Fail unless the run exists.")
@click.option(
    "--allow-drift",
    is_flag=True,
    help="Resume although data, versions, threads or device changed; the manifest records it.",
)
@click.option(
    "--time-limit",
    callback=_seconds,
    metavar="TIME",
    help="Stop after this time (90s, 30m, 2h), export and score; the same command resumes.",
)
@click.option(
    "--fork", type=click.Path(path_type=Path), metavar="RUN", help="Start a new run from the networks of another."
)
@click.option(
    "--weights", multiple=True, metavar="NETWORK=FILE", help="Start a new run from .weights.h5, .keras or .safetensors."
)
def command(
    recipe: str,
    overrides: tuple[str, ...],
    profile: str | None,
    name: str | None,
    runs: Path,
    resume: bool,
    allow_drift: bool,
    time_limit: float,
    fork: Path | None,
    weights: tuple[str, ...],
) -> None:
    """Train RECIPE, or resume a run.

    RECIPE is a file, the name of a bundled recipe, or a run folder to resume. The same command resumes from the
    last checkpoint; more steps of the last phase, as --set phases.gan.steps=400, continue a run, finished or not.
    Ctrl-C finishes the step and saves; a second one stops at once.
    """
    until = time.monotonic() + time_limit
    require_torch_backend()
    from ganzoo.errors import Stopped
    from ganzoo.training.signals import StopRequest

    run: RunFolder | None = None
    try:
        with StopRequest("stopped; nothing is lost") as stop:
            from ganzoo.commands._notices import tell
            from ganzoo.zoo import load_zoo

            zoo = load_zoo()
            stop.check()  # a plugin may have caught what the signal raised
            plan, run = _plan(recipe, zoo, overrides, profile, runs, name)
            start = _start(fork, weights, run)
            stop.check()
            tell(zoo, plan)
            with run.working():
                _train(plan, run, zoo, stop, resume=resume, allow_drift=allow_drift, start=start, until=until)
    except Stopped as stopped:
        raise Stopped(f"{stopped}\n{_next_command(run)}") from stopped


def _next_command(run: RunFolder | None) -> str:
    if run is None or not run.exists:
        return "the same command starts it"
    return f"resume with: ganzoo run {shlex.quote(str(run.path))}"


def _plan(
    recipe: str, zoo: Zoo, overrides: tuple[str, ...], profile: str | None, runs: Path, name: str | None
) -> tuple[Recipe, RunFolder]:
    from ganzoo.recipe import load_recipe
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe, without_younger_options

    folder = Path(recipe)
    if folder.is_dir():
        run = RunFolder.existing(folder)
        return load_run_recipe(run, zoo=zoo, profile=profile, overrides=overrides), run
    plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)
    run = RunFolder.named(runs, name or "-".join(filter(None, (plan.name, profile))))
    return without_younger_options(plan, run, zoo=zoo), run


def _start(fork: Path | None, weights: tuple[str, ...], run: RunFolder) -> tuple[RunFolder | None, dict[str, Path]]:
    """Return what a new run starts from, checked as far as it can be before keras is imported."""
    from ganzoo.errors import RecipeError
    from ganzoo.runs.folder import RunFolder

    files: dict[str, Path] = {}
    for text in weights:
        network, _, file = text.partition("=")
        if not network or not file:
            raise RecipeError(f"--weights {text}: expected NETWORK=FILE, as generator=generator.weights.h5")
        if not Path(file).is_file():
            raise RecipeError(f"--weights {text}: there is no file '{file}'")
        files[network] = Path(file)
    other = RunFolder.existing(fork) if fork is not None else None
    if other is not None and other.path.resolve() == run.path.resolve():
        raise RecipeError(f"--fork {fork}: a run cannot start from itself; give the new one another --name")
    return other, files


def _train(
    plan: Recipe,
    run: RunFolder,
    zoo: Zoo,
    stop: StopRequest,
    *,
    resume: bool,
    allow_drift: bool,
    start: tuple[RunFolder | None, dict[str, Path]],
    until: float,
) -> None:
    from ganzoo.commands._eta import seconds_per_step
    from ganzoo.commands._progress import RunProgress
    from ganzoo.commands._terminal import say

    say(f"{plan.name}: {plan.title}\nrun folder: {run.path}")
    progress = RunProgress(plan.timeline, seconds_per_step(run.timing.records(), plan.timeline))
    try:
        # data first: missing data are reported before keras and torch are imported
        sources, held_out = _open_data(plan, progress)
        stop.check()
        # each takes seconds
        for package in ("torch", "keras"):
            progress.stage(f"loading {package}")
            import_module(package)
        progress.stage("building networks")
        from ganzoo.assembly import training_device
        from ganzoo.runs.health import health
        from ganzoo.training.launch import launch
        from ganzoo.training.warm_start import WarmStart

        stop.check()
        with training_device(plan.train.device):
            scores = launch(
                plan,
                run,
                progress,
                sources=sources,
                held_out=held_out,
                plugins=zoo.plugins,
                resume=resume,
                allow_drift=allow_drift,
                start=WarmStart(fork=start[0], weights=start[1]) if any(start) else None,
                stop=stop,
                until=until,
            )
    finally:
        progress.close()
    if scores is not None:
        from ganzoo.commands._scores import show_scores
        from ganzoo.runs.checkpoint import step_of

        show_scores(scores, f"held-out data after {step_of(run.checkpoints().paths()[-1])} steps")
    for verdict in health(run).standing:
        say(str(verdict))
    shown = run.held_out if run.held_out.is_dir() else run.samples
    say(f"pictures in {shown}, networks and scores in {run.path}")


def _open_data(plan: Recipe, progress: RunProgress) -> tuple[Sources, Sources | None]:
    from ganzoo.data.opening import check_examples, data_texts, open_sources

    progress.stage("opening data")
    sources = open_sources(plan.data)
    held_out = open_sources(plan.validation, key="validation") if plan.validation else None
    for text in data_texts(plan, sources, held_out):
        progress.note(text)
    check_examples(plan, sources, held_out)
    return sources, held_out
