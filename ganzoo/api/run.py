"""A run folder as an object."""

from __future__ import annotations

import base64
import html
import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.api.photographs import enlarged
from ganzoo.blame import blaming
from ganzoo.contracts.results import Samples, SamplingOptions, Trained
from ganzoo.errors import GanzooError, RecipeError, listing
from ganzoo.randomness import Random
from ganzoo.recipe import Recipe
from ganzoo.runs.checkpoint import step_of
from ganzoo.runs.files import read_json
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.journal import is_loss
from ganzoo.runs.recipes import load_run_recipe
from ganzoo.schema.build import construct
from ganzoo.zoo import Zoo, load_zoo

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Network

#: A larger picture does not become part of a notebook.
_MOST_SHOWN = 2**20


def open_run(path: str | Path, *, zoo: Zoo | None = None, best: bool = False) -> Run:
    """Return a run folder as an object, finished or not; CheckpointError when it is not a run folder.

    `best` takes the networks of the best checkpoint (see `train.best`) instead of the newest. `zoo` must have the
    plugins that the run uses, and is that of the installed ones if it is not given.
    """
    return Run(RunFolder.existing(Path(path)), load_zoo() if zoo is None else zoo, best=best)


class Run:
    """What a run has trained and written, read when it is asked for.

    `path` is its folder, `recipe` its recipe.
    """

    def __init__(self, folder: RunFolder, zoo: Zoo, *, best: bool = False) -> None:
        self.path = folder.path
        self.recipe: Recipe = load_run_recipe(folder, zoo=zoo)
        self._folder = folder
        self._zoo = zoo
        self._best = best

    @property
    def status(self) -> str:
        """`finished`, or `running` for a run that was begun, whether a process works on it now or not."""
        return str(self._folder.read_manifest().get("status", "running"))

    @property
    def step(self) -> int:
        """After how many steps the newest (or best) checkpoint was written; 0 without one."""
        store = self._folder.best() if self._best else self._folder.checkpoints()
        return max(map(step_of, store.paths()), default=0)

    # -- networks ------------------------------------------------------------------------------------------------------

    @property
    def networks(self) -> Mapping[str, Network]:
        """The trained networks by name, averaged where the recipe has [ema]; CheckpointError when there are none."""
        return self._trained.networks

    @property
    def generator(self) -> Network:
        """The network `generator`, as `ganzoo run` exports it."""
        if "generator" not in self.networks:
            raise GanzooError(f"{self.path}: has no network 'generator'; run.networks has {listing(self.networks)}")
        return self.networks["generator"]

    @cached_property
    def _trained(self) -> Trained:
        from ganzoo.assembly import training_device
        from ganzoo.training.reload import trained_networks

        with training_device(self.recipe.train.device):
            return trained_networks(self._folder, self.recipe, best=self._best, note=_warn)[0]

    def sample(self, count: int, *, seed: int = 0, **options: Any) -> Samples:
        """Return new examples as `ganzoo sample RUN --count --seed` draws them, along a first axis; images as uint8.

        What is not an image has the values of the data; a task of tables gives its columns by name. `options` are those
        of the task, as `label=3`. RecipeError when the task has nothing to draw.
        """
        from ganzoo.assembly import training_device

        if type(count) is not int or count < 1:
            raise GanzooError(f"sample: count is {count!r}, expected a whole number above 0")
        task, trained = self.recipe.task, self._trained
        chosen: SamplingOptions = construct(task.sampling, options, zoo=self._zoo).component
        with training_device(self.recipe.train.device), blaming(task, "task, draw_samples()"):
            return task.draw_samples(trained, count=count, rng=Random(seed, "sample"), options=chosen)

    def enlarge(self, photograph: str | Path | Array) -> Array:
        """Return a photograph enlarged as `ganzoo enlarge RUN` does it, in tiles.

        It is a file (read as RGB) or an array (height x width x 3): uint8 gives uint8; floats, from -1 (black) to 1,
        give floats of the same type. DataError for other arrays, RecipeError when the task enlarges nothing.
        """
        from ganzoo.assembly import training_device

        def enlarge(given: Array) -> Array:
            task, trained = self.recipe.task, self._trained
            with training_device(self.recipe.train.device), blaming(task, "task, enlarge()"):
                return task.enlarge(trained, given)

        return enlarged(photograph, enlarge)

    def export(
        self, path: str | Path, *, to: str | None = None, network: str = "generator", overwrite: bool = False
    ) -> float:
        """Write a network as `ganzoo export RUN` does, and return how far the file is from it.

        `to` is `keras`, `onnx`, `safetensors`, `state_dict` or `torch`; without it, the format of the path's suffix.
        RecipeError when the run has no such product, when the file exists, or when its suffix is of no format.
        """
        from ganzoo.exporting import SUFFIXES, export, products_of_run

        formats = {suffix: name for name, suffix in SUFFIXES.items()}
        found = {each.name: each for each in products_of_run(self._folder, self.recipe, best=self._best, note=_warn)}
        if network not in found:
            raise RecipeError(f"{self.path}: has no product '{network}'; it has {listing(found)}")
        chosen = to or formats.get(Path(path).suffix.lower())
        if chosen is None:
            raise RecipeError(f"{path}: expected a name that ends in {', '.join(formats)}, or to=...")
        return export(found[network], Path(path), to=chosen, overwrite=overwrite)

    # -- numbers -------------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> dict[str, Array]:
        """What was logged (metrics.jsonl) as columns by key, with `step`; NaN where a step does not have a key."""
        return _columns(self._folder.journal.records())

    @property
    def scores(self) -> dict[str, Array]:
        """The scores on held-out data as columns by `METHOD/SCORE`, with `step`; the last row has the final ones.

        Empty before the first; NaN where a score could not be computed.
        """
        records = {record["step"]: record for record in self._folder.scores.records()}
        if self._folder.evaluation.is_file():
            final = read_json(self._folder.evaluation)
            records[final["step"]] = final
        return _columns(_flat(records[step]) for step in sorted(records))

    # -- display -------------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return "\n  ".join([f"Run '{self.path}'", *(f"{name}: {text}" for name, text in self._facts().items())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(text)}</td></tr>" for name, text in self._facts().items())
        found = sorted(self._folder.samples.glob("step-*.png"))[-1:]
        shown = [path.read_bytes() for path in found if path.stat().st_size <= _MOST_SHOWN]
        pictures = "".join(f'<img src="data:image/png;base64,{base64.b64encode(each).decode()}">' for each in shown)
        return f"<table><caption>{html.escape(str(self.path))}</caption>{rows}</table>{pictures}"

    def _facts(self) -> dict[str, str]:
        recipe = self.recipe
        taken = f"{self.step} of {recipe.timeline.total_steps} steps"
        facts = {"recipe": recipe.title or recipe.name, "status": f"{self.status}, {taken}"}
        losses = {key: column for key, column in self.metrics.items() if is_loss(key)}
        scores = {key: column for key, column in self.scores.items() if key != "step"}
        for name, columns in (("losses", losses), ("scores", scores)):
            last = {key: known[-1] for key, column in columns.items() if len(known := column[~np.isnan(column)])}
            if last:
                facts[name] = ", ".join(f"{key} {value:.4g}" for key, value in last.items())
        return facts


def _columns(records: Iterable[Mapping[str, Any]]) -> dict[str, Array]:
    """Return records as columns; numbers and absent values as float64, steps as integers, the rest as texts."""
    rows = list(records)
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: _column([row.get(key) for row in rows]) for key in keys}


def _column(values: list[Any]) -> Array:
    if all(type(value) is int for value in values):
        return np.array(values)
    if all(value is None or isinstance(value, int | float) for value in values):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array(["" if value is None else str(value) for value in values])


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    scores = record.get("scores", {})
    named = {f"{method}/{name}": value for method, row in scores.items() for name, value in row.items()}
    return {"step": record["step"], **named}


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)
