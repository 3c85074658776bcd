"""`ganzoo data`: fetch and prepare what recipes train on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend
from ganzoo.commands._usage import KnownCommands

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.preparable import Preparable
    from ganzoo.zoo import Zoo

_SECONDS_BETWEEN_LINES = 2.0
#: So many names of one component are listed: that of TFDS has hundreds.
_MOST_LISTED = 12


@click.group(name="data", cls=KnownCommands)
def command() -> None:
    """Fetch and prepare data sets and weights.

    Only this and ganzoo pull use the network.
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
