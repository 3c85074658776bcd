"""The files of a run folder as facts. A folder may come from anybody: everything is checked, bounded and only data."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.diagnosis.doctor import is_examined
from ganzoo.errors import GanzooError, printable
from ganzoo.recipe.find import read_text
from ganzoo.recipe.limits import check_shape, check_text
from ganzoo.reporting.scores import StepScores, step_scores
from ganzoo.reporting.verdicts import Found, found_verdict
from ganzoo.runs.files import read_json
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.journal import Journal

#: A larger log is not read: it would need more memory than a report is worth.
MOST_BYTES = 256 * 2**20
_LONGEST_TEXT = 2000
_SUFFIXES = (".png", ".txt", ".csv")


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run. `notices` say what could not be read, and is therefore missing here."""

    path: Path
    manifest: Mapping[str, Any]
    recipe: Mapping[str, Any]
    metrics: tuple[Mapping[str, Any], ...]
    timing: tuple[Mapping[str, Any], ...]
    #: By step; the last one is the newest.
    scores: tuple[StepScores, ...]
    verdicts: tuple[Found, ...]
    #: Pictures of the fixed inputs by the number of steps that were done.
    samples: Mapping[int, Path]
    held_out: tuple[Path, ...]
    notices: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.path.resolve().name

    @property
    def seed(self) -> Any:
        """The seed of the run, None where the recipe does not say it."""
        return table(self.recipe, "train").get("seed")

    @property
    def phases(self) -> tuple[tuple[str, int], ...]:
        """Name and steps of each phase."""
        found = self.recipe.get("phases")
        phases = [phase for phase in found if isinstance(phase, Mapping)] if isinstance(found, list) else []
        return tuple(
            (text(phase.get("name")), phase["steps"])
            for phase in phases
            if is_count(phase.get("steps")) and phase["steps"] > 0
        )

    @property
    def total(self) -> int:
        """After how many steps the run ends; 0 where the recipe does not say it."""
        return sum(steps for _, steps in self.phases)

    @property
    def done(self) -> int:
        """How many steps are known to be done."""
        steps = [records[-1]["step"] for records in (self.metrics, self.timing) if records]
        return max([*steps, *self.samples, *(each.step for each in self.scores[-1:])], default=0)

    @property
    def examined(self) -> int:
        """How many of the logged steps the doctor looked at."""
        return sum(map(is_examined, self.metrics))

    @property
    def final(self) -> StepScores | None:
        """The newest scores."""
        return self.scores[-1] if self.scores else None

    @property
    def products(self) -> tuple[str, ...]:
        """The rows of the newest scores that networks of the run made; all rows where none is known."""
        rows = () if self.final is None else tuple(self.final.rows)
        networks = {*self.recipe, *table(self.recipe, "networks")}
        return tuple(row for row in rows if row in networks) or rows


def read_run(path: Path, *, manifest: Mapping[str, Any] | None = None) -> RunFacts:
    """Return what the folder at `path` says; CheckpointError when it is not a run folder.

    `manifest` stands for the one in the folder, which may not be written yet.
    """
    folder = RunFolder.existing(path)
    notices: list[str] = []
    logs = {
        log.path.name: tuple(_lines(log, notices))
        for log in (folder.journal, folder.timing, folder.scores, Journal(path / "verdicts.jsonl"))
    }
    return RunFacts(
        path=path,
        manifest=_manifest(folder, notices) if manifest is None else manifest,
        recipe=_recipe(folder, notices),
        metrics=logs["metrics.jsonl"],
        timing=logs["timing.jsonl"],
        scores=tuple(_scores(folder, logs["scores.jsonl"], notices)),
        verdicts=tuple(found for line in logs["verdicts.jsonl"] if (found := found_verdict(line)) is not None),
        samples=_samples(folder),
        held_out=tuple(sorted(path for path in _files(folder.held_out) if path.suffix in _SUFFIXES)),
        notices=tuple(notices),
    )


def table(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a part of a table that is a table itself; an empty one where there is none."""
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def text(value: Any) -> str:
    """Return a value of a foreign file as one bounded line of text."""
    try:
        shown = printable(str(value))
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return "(too large to show)"
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}..."


def is_count(value: Any) -> bool:
    """Return whether a value is a whole number from 0 to where floats still tell neighbours apart."""
    return type(value) is int and 0 <= value < 2**53


def number(value: Any) -> float | None:
    """Return a finite number as float, None for everything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return float(value) if is_number and math.isfinite(value) else None
    except OverflowError:
        return None


def _manifest(folder: RunFolder, notices: list[str]) -> Mapping[str, Any]:
    try:
        return folder.read_manifest()
    except GanzooError as error:
        notices.append(printable(str(error)))
        return {}


def _recipe(folder: RunFolder, notices: list[str]) -> Mapping[str, Any]:
    try:
        content = read_text(folder.recipe)
        check_text(content, "recipe.toml")
        recipe = tomllib.loads(content)
        check_shape(recipe, "recipe.toml")
        return recipe
    except (GanzooError, ValueError, RecursionError) as error:
        notices.append(f"recipe.toml: cannot be read: {text(error)}")
        return {}


def _lines(log: Journal, notices: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a log in the order of their steps; one that steps back is of an older attempt."""
    name = log.path.name
    try:
        if not log.path.is_file():
            return
        if log.path.stat().st_size > MOST_BYTES:
            notices.append(f"{name}: is larger than {MOST_BYTES >> 20} MiB and is left out")
            return
        records = list(log.records())
        written = sum(bool(line.strip()) for line in log.path.read_bytes().splitlines())
    except OSError as error:
        notices.append(f"{name}: cannot be read: {text(error.strerror)}")
        return
    if len(records) < written:
        notices.append(f"{name}: line {len(records) + 1} is damaged; it and all after it are left out")
    yield from sorted((record for record in records if is_count(record["step"])), key=lambda record: record["step"])


def _scores(folder: RunFolder, lines: Iterable[Mapping[str, Any]], notices: list[str]) -> Iterator[StepScores]:
    found = {line["step"]: line for line in lines}
    try:
        if folder.evaluation.is_file():
            final = read_json(folder.evaluation)
            found[final["step"]] = final
    except (OSError, ValueError, KeyError, TypeError) as error:
        notices.append(f"evaluation.json: cannot be read: {text(error)}")
    for step in sorted(step for step in found if is_count(step)):
        scores = step_scores(found[step])
        if scores is None:
            notices.append(f"the scores after step {step} are damaged and left out")
        else:
            yield scores


def _samples(folder: RunFolder) -> Mapping[int, Path]:
    found = {
        int(number): path
        for path in _files(folder.samples)
        if path.suffix in _SUFFIXES and (number := path.stem.removeprefix("step-")).isdecimal() and len(number) < 16
    }
    return dict(sorted(found.items()))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the plain files of a folder; a link could lead anywhere."""
    if folder.is_dir() and not folder.is_symlink():
        yield from (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
