"""`ganzoo data`: fetch, prepare and show what recipes train on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend
from ganzoo.commands._usage import KnownCommands

if TYPE_CHECKING:
    from rich.table import Table

    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.preparable import Preparable
    from ganzoo.contracts.tensor import Example
    from ganzoo.zoo import Zoo

_SECONDS_BETWEEN_LINES = 2.0
#: So many names of one component are listed: that of TFDS has hundreds.
_MOST_LISTED = 24


@click.group(name="data", cls=KnownCommands)
def command() -> None:
    """Fetch and prepare data sets and weights; show data.

    Only ganzoo data prepare and ganzoo pull use the network.
    """


@command.command(name="list")
def list_names() -> None:
    """List what `ganzoo data prepare` can prepare."""
    require_torch_backend()
    from ganzoo.commands._terminal import console, table
    from ganzoo.contracts.preparable import Preparable
    from ganzoo.zoo import load_zoo

    rows = []
    for kind, component, cls in load_zoo().components():
        if issubclass(cls, Preparable):
            names = cls.preparable()
            rows += [[name, f"{kind} {component}"] for name in names[:_MOST_LISTED]]
            if len(names) > _MOST_LISTED:
                rows.append([f"and {len(names) - _MOST_LISTED} more", f"{kind} {component}"])
    console().print(table("ganzoo data prepare NAME", ["name", "used by"], rows, others="left"))


@command.command(name="prepare")
@click.argument("name")
@click.option(
    "--from", "origin", type=click.Path(exists=True, path_type=Path), help="Use these files instead of a download."
)
@click.option("--data-dir", "directory", type=click.Path(path_type=Path), help="Where to put the result.")
@click.option("--data", metavar="FOLDER|DATASET", help="What to learn from, for a NAME that is trained.")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="An option of that dataset; repeatable.")
def prepare(name: str, origin: Path | None, directory: Path | None, data: str | None, options: tuple[str, ...]) -> None:
    """Prepare a data set or weights for recipes.

    NAME is one of those that ganzoo data list shows: downloaded, or with --from taken from files that you have. A
    classifier is trained on --data and kept, so that scores need not wait for it.
    """
    require_torch_backend()
    from ganzoo.commands._terminal import say
    from ganzoo.training.signals import StopRequest
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    owner = find_preparable(zoo, name)
    source = opened(zoo, data, options)
    reporter = Reporter()
    with StopRequest("stopped; run the same command again to resume") as stop:
        try:
            if source is None:
                place = owner.prepare_files(name, origin=origin, directory=directory, report=reporter)
            else:
                place = owner.prepare_from(name, source, report=reporter)
        finally:
            reporter.close()
        stop.check()
    say(f"{name} is ready in {place}")
    if lines := owner.recipe_lines(name, directory=directory):
        say(f"a recipe uses it as\n\n{lines}")


@command.command(name="show")
@click.argument("recipe")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The PNG to write.")
@click.option("--count", type=click.IntRange(min=1), default=16, show_default=True, help="Number of examples.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; repeatable.")
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def show(
    recipe: str, output: Path, count: int, overrides: tuple[str, ...], profile: str | None, overwrite: bool
) -> None:
    """Draw what the networks of RECIPE will see, without training.

    Prepares the first examples as the first steps of a run do (cropped, degraded, scaled) and draws them: a row for
    each example, a column for each field of images. Prints which example each row is, and its other values.
    """
    require_torch_backend()
    from ganzoo.commands._notices import tell
    from ganzoo.commands._terminal import console, say
    from ganzoo.data.batches import StepBatches
    from ganzoo.data.first_rows import first_rows
    from ganzoo.data.opening import open_data
    from ganzoo.errors import RecipeError
    from ganzoo.images import write_image
    from ganzoo.recipe import load_recipe
    from ganzoo.sampling.rows import draw_rows
    from ganzoo.zoo import load_zoo

    check_sheet(output, overwrite=overwrite)
    zoo = load_zoo()
    plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)
    tell(zoo, plan)
    found = first_rows(StepBatches.of(plan, open_data(plan), cache_limit=0), count)
    for stream, rows in found.items():
        console().print(rows_table(stream, rows))
    prefixed = {stream: f"{stream}/" if len(found) > 1 else "" for stream in found}
    fields = {
        f"{prefixed[stream]}{name}": [row[name] for _, row in rows]
        for stream, rows in found.items()
        for name in (rows[0][1] if rows else ())
    }
    sheet = draw_rows(fields)
    if sheet is None:
        raise RecipeError(f"{recipe}: no field of its rows can be drawn: {', '.join(fields)}")
    write_image(output, sheet)
    say(f"wrote {output}")


def check_sheet(output: Path, *, overwrite: bool) -> None:
    """Raise RecipeError, before any work, when the file cannot be written or would be lost."""
    from ganzoo.errors import RecipeError
    from ganzoo.sampling import check_output

    check_output(output, [".png"])
    if output.exists() and not overwrite:
        raise RecipeError(f"{output} exists; name another output, or overwrite with --overwrite")


def rows_table(stream: str, rows: list[tuple[str, Example]]) -> Table:
    """Return the names of the examples of each row, and those of its values that are single numbers."""
    from ganzoo.commands._terminal import table

    numbers = [name for name, value in rows[0][1].items() if value.ndim == 0] if rows else []
    lines = [
        [f"{place}", name, *(f"{row[number]:.6g}" for number in numbers)] for place, (name, row) in enumerate(rows, 1)
    ]
    return table(f"Rows of {stream}", ["row", "example", *numbers], lines, others="left")


def opened(zoo: Zoo, data: str | None, options: tuple[str, ...]) -> Source | None:
    """Return the data set of `--data`, opened; None where it names none."""
    from ganzoo.commands._named import named_dataset
    from ganzoo.data.opening import open_source
    from ganzoo.errors import RecipeError

    if data is None:
        if options:
            raise RecipeError("--set: needs --data, the dataset that it configures")
        return None
    return open_source(named_dataset(zoo, data, options).component, key="--data")


def find_preparable(zoo: Zoo, name: str) -> type[Preparable]:
    """Return the component that can prepare this name; DataError with the nearest name otherwise."""
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.contracts.preparable import Preparable
    from ganzoo.errors import DataError, nearest

    known = preparable(zoo)
    if any(component == name and not issubclass(cls, Preparable) for _, component, cls in zoo.components()):
        raise DataError(f"'{name}' needs no preparation: a recipe can use it as it is")
    family = known.get(name.partition("/")[0])
    found = known.get(name) or (family if family is not None and issubclass(family, Dataset) else None)
    if found is None:
        raise DataError(f"nothing can prepare '{name}'{nearest(name, known)}; ganzoo data list shows what can be")
    return found


def preparable(zoo: Zoo) -> dict[str, type[Preparable]]:
    """Return the components that can prepare something, by its name."""
    from ganzoo.contracts.preparable import Preparable

    found = [cls for _, _, cls in zoo.components() if issubclass(cls, Preparable)]
    return {name: cls for cls in found for name in cls.preparable()}


class Reporter:
    """Shows progress: a bar on a terminal, a line every few seconds in a pipe."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from ganzoo.commands._terminal import console

        self._console = console()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"))
        self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console)
        self._tasks: dict[str, int] = {}
        self._said: dict[str, float] = {}
        if self._console.is_terminal:
            self._bar.start()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show how far something is."""
        if self._console.is_terminal:
            if what not in self._tasks:
                self._tasks[what] = self._bar.add_task(what, total=total)
            self._bar.update(self._tasks[what], completed=done)  # type: ignore[arg-type]
            return
        now = time.monotonic()
        if done == total or now - self._said.get(what, 0.0) >= _SECONDS_BETWEEN_LINES:
            self._said[what] = now
            share = f" {done}/{total}" if total else ""
            self._console.print(f"{what}{share}", markup=False)

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._console.is_terminal:
            self._bar.stop()
