"""What `ganzoo sample` and `ganzoo enlarge` share: a request from the command line, and what it shows meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from ganzoo.commands._terminal import console, say
from ganzoo.contracts.results import SampleReport, SampleRequest
from ganzoo.errors import RecipeError, ResourceError, for_terminal
from ganzoo.randomness import Random

if TYPE_CHECKING:
    from ganzoo.commands._interpolation import Interpolation
    from ganzoo.contracts.results import Trained
    from ganzoo.recipe import Recipe
    from ganzoo.runs.folder import RunFolder
    from ganzoo.zoo import Zoo

_SECONDS_BETWEEN_LINES = 5.0
_LONGEST_NAME = 40


class SampleProgress(SampleReport):
    """Shows each photograph: a live bar on a terminal, plain lines in a pipe."""

    def __init__(self) -> None:
        self._console = console()
        self._live = self._console.is_terminal
        fixed = Column(no_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"), markup=False),
            BarColumn(bar_width=12),
            TextColumn("{task.completed}/{task.total} tiles", table_column=fixed),
            TimeRemainingColumn(table_column=fixed),
            console=self._console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._told: set[Path] = set()
        self._description = ""
        self._began = self._last_line = time.monotonic()

    def begin(self, name: str, size: str, place: str) -> None:
        self._description = for_terminal(f"{place} {name} {size}", most=_LONGEST_NAME + len(place) + len(size))
        self._began = self._last_line = time.monotonic()
        if self._live:
            self._clear()
            self._task = self._bar.add_task(self._description, total=1, completed=0)
            self._bar.start()
        else:
            self._line(self._description)

    def tiles(self, done: int, total: int) -> None:
        if self._live and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, refresh=True)
            return
        now = time.monotonic()
        if now - self._last_line >= _SECONDS_BETWEEN_LINES and done < total:
            self._last_line = now
            left = round((now - self._began) / done * (total - done))
            self._line(f"{self._description}: tile {done}/{total}, {left}s left")

    def wrote(self, path: Path) -> None:
        if path not in self._told:
            self._told.add(path)
            self._line(f"wrote {path}")

    def note(self, message: str) -> None:
        self._line(message)

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._live:
            self._clear()
            self._bar.stop()

    def _clear(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def _line(self, message: str) -> None:
        self._console.print(Text(for_terminal(message)))


def sample_run(
    run: Path,
    output: str,
    inputs: Sequence[Path],
    assignments: Sequence[str],
    *,
    best: bool,
    overwrite: bool,
    unmarked: bool = False,
    count: int = 1,
    seed: int = 0,
    interpolation: Interpolation | None = None,
    accept: Callable[[type[Any]], None] = lambda _options: None,
) -> None:
    """Let a run's task do what its networks are for; `accept` may refuse the options that it takes."""
    from ganzoo.assembly import training_device
    from ganzoo.blame import blaming
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.training.interpolation import products_of
    from ganzoo.training.reload import trained_networks
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=zoo)
    accept(recipe.task.sampling)
    options = sampling_options(recipe.task.sampling, assignments, zoo)
    with training_device(recipe.train.device):
        trained, steps = trained_networks(folder, recipe, best=best, note=say)
        if interpolation is not None:
            interpolation.apply(products_of(trained, recipe), zoo)
        facts = None if unmarked else _facts(folder, recipe, trained, steps, interpolation)
        asked = requested(output, inputs, options=options, overwrite=overwrite, facts=facts, count=count, seed=seed)
        with asked as request, blaming(recipe.task, "task, sample()", passing=(OSError,)):
            written = list(recipe.task.sample(trained, request))
            for path in written:
                request.report.wrote(path)
    if not written:
        raise RecipeError(f"the task wrote nothing to '{output}'; it may need input files, or an option with --set")


def _facts(
    folder: RunFolder, recipe: Recipe, trained: Trained, steps: int, interpolation: Interpolation | None
) -> dict[str, str]:
    """Return which networks of which run make the samples."""
    from ganzoo.contracts.extractor import weights_sha256

    return {
        **({} if interpolation is None else interpolation.facts()),
        "run": folder.path.name,
        "recipe_sha256": recipe.digest(),
        "steps": str(steps),
        "weights_sha256": weights_sha256(*(trained.networks[name] for name in sorted(trained.networks))),
    }


def sampling_options(cls: type[Any], assignments: Sequence[str], zoo: Zoo) -> Any:
    """Return options of sampling; RecipeError with what can be set for everything that is wrong."""
    from ganzoo.recipe.overrides import parse_assignment
    from ganzoo.schema.build import construct

    table = dict(parse_assignment(assignment) for assignment in assignments)
    return construct(cls, table, zoo=zoo, key="--set").component


@contextmanager
def requested(
    output: str,
    inputs: Sequence[Path],
    *,
    options: Any,
    overwrite: bool,
    facts: Mapping[str, str] | None,
    count: int = 1,
    seed: int = 0,
) -> Iterator[SampleRequest]:
    """Yield a request that shows what becomes of it; ResourceError where its output cannot be written.

    `facts` are what PNG files say of the networks that made them; None leaves their origin out.
    """
    from ganzoo.sampling.origin import origin_of

    report = SampleProgress()
    try:
        yield SampleRequest(
            output=Path(output),
            into_folder=output.endswith(("/", os.sep)),
            inputs=inputs,
            count=count,
            rng=Random(seed, "sample"),
            options=options,
            overwrite=overwrite,
            origin={} if facts is None else origin_of(facts, from_photographs=bool(inputs)),
            report=report,
        )
    except OSError as error:
        raise ResourceError(f"{output}: cannot be written: {error.strerror or error}") from error
    finally:
        report.close()
