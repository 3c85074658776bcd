"""The run folder `runs/<name>/` and its files."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ganzoo.contracts.field import Field
from ganzoo.contracts.results import Picture
from ganzoo.contracts.tensor import Example
from ganzoo.errors import CheckpointError, RecipeError, ResourceError
from ganzoo.runs import files
from ganzoo.runs.arrays import unpack_arrays
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.runs.journal import Journal
from ganzoo.runs.lock import locked
from ganzoo.sampling.files import encode_picture, picture_suffix

#: What the parts of a manifest are; a folder may come from anybody.
_MANIFEST: dict[str, type | tuple[type, ...]] = {
    "status": str,
    "recipe_sha256": str,
    "environment": dict,
    "data": dict,
    "origin": (dict, type(None)),
    "drift": list,
    "stopped_early": str,
}
#: More values than one example of any field has: the largest image that is read has 450 million.
_MOST_VALUES = 1 << 29
_DTYPES = (
    *("float32", "float64", "float16", "bool"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RunFolder:
    """Paths and small files of one run.

    recipe.toml       the resolved recipe, every default written out
    manifest.json     environment, plugins, seed, data, fields; `status` is running or finished
    metrics.jsonl     losses, measurements and reports; here and everywhere, `step` is how many steps were done
    timing.jsonl      seconds since training began, and those spent waiting for data
    scores.jsonl      scores on held-out data by step, where train.evaluate_every asks for them
    verdicts.jsonl    what the doctor found: kind, severity, since which step, cause, what to change
    rollbacks.jsonl   when, to which step and why the run went back after a failure; the other logs forget what it undid
    samples/          pictures of the same fixed inputs over time
    fitted.npz        what the task fitted on the training data, where it fits anything
    held_out/         the results on held-out examples, to look at
    checkpoints/      the newest states, complete
    best/             the state with the best score so far, where train.best names one
    callbacks/        what the callbacks of the recipe write, each in its own folder
    evaluation.json   the scores on held-out data
    report.html       all of this as a page; two equal runs differ in it and in timing.jsonl alone
    generator.keras   the trained generator (one file for each product of the task)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.toml"
        self.manifest = path / "manifest.json"
        self.samples = path / "samples"
        self.held_out = path / "held_out"
        self.evaluation = path / "evaluation.json"
        self.fitted = path / "fitted.npz"
        self.journal = Journal(path / "metrics.jsonl")
        self.timing = Journal(path / "timing.jsonl")
        self.scores = Journal(path / "scores.jsonl")
        self.verdicts = Journal(path / "verdicts.jsonl")
        self.rollbacks = Journal(path / "rollbacks.jsonl")

    @classmethod
    def named(cls, runs: Path, name: str) -> RunFolder:
        """Return the folder of the run with this name; RecipeError when the name could leave `runs`."""
        if not _RUN_NAME.fullmatch(name):
            raise RecipeError(
                f"--name: '{name}' is not a run name; expected up to 64 letters, digits, '.', '_' or '-', "
                "the first a letter or digit"
            )
        return cls(runs / name)

    @classmethod
    def existing(cls, path: Path) -> RunFolder:
        """Return the run at `path`; CheckpointError when there is none."""
        folder = cls(path)
        if not folder.manifest.is_file() or not folder.recipe.is_file():
            raise CheckpointError(f"{path}: is not a run folder (no manifest.json); ganzoo run RECIPE makes one")
        return folder

    def checkpoints(self, keep: int = 2, every: int = 1) -> CheckpointStore:
        """Return the checkpoints of this run, of which those at every so many steps are kept longer than others."""
        return CheckpointStore(self.path / "checkpoints", keep=keep, every=every)

    def best(self) -> CheckpointStore:
        """Return where the best checkpoint is kept; two of them until a checkpoint makes the newer one certain."""
        return CheckpointStore(self.path / "best", keep=None)

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.manifest.is_file()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Make the folder, hold its lock, prove that it can be written, sweep what a killed process left half-done.

        Nothing stays of a folder in which no run could begin. LockedError when another process works here;
        ResourceError when it cannot be written.
        """
        try:
            files.make_folder(self.path)
        except ResourceError as error:
            raise ResourceError(f"{error}; choose another place with --runs") from error
        try:
            with locked(self.path):
                self.sweep()
                files.probe(self.path)
                yield
        finally:
            self._discard_if_empty()

    def sweep(self) -> None:
        """Remove what a killed process left half-written."""
        for folder in (self.path, self.samples, self.held_out, self.checkpoints().folder, self.best().folder):
            files.sweep(folder)

    def _discard_if_empty(self) -> None:
        with suppress(OSError):
            if {entry.name for entry in self.path.iterdir()} == {".lock"}:
                (self.path / ".lock").unlink()
                self.path.rmdir()

    def write_picture(self, path: Path, picture: Picture) -> None:
        """Write an image, a text or a table under `path` with the suffix that fits.

        ResourceError when that fails, or when the path leads out of the run folder.
        """
        self.require()
        inside = path.parent.resolve()
        if not inside.is_relative_to(self.path.resolve()) or path.name in ("", ".", ".."):
            raise ResourceError(f"{path}: is outside the run folder {self.path}, where nothing is written")
        files.make_folder(path.parent)
        files.write_durably(path.with_name(path.name + picture_suffix(picture)), encode_picture(picture))

    def clear_held_out(self) -> None:
        """Remove the pictures of held-out results."""
        if self.held_out.is_dir() and not self.held_out.is_symlink():
            files.remove_folder(self.held_out)

    def drop_samples(self, wanted: Callable[[int], bool]) -> None:
        """Remove the sample pictures of these numbers of steps."""
        for path in () if self.samples.is_symlink() else self.samples.glob("step-*.*"):
            number = path.stem.removeprefix("step-")
            if number.isdecimal() and wanted(int(number)):
                path.unlink()

    def truncate_logs(self, done: int) -> None:
        """Drop what the logs say beyond the state after `done` steps: it will be said again."""
        for log in (self.journal, self.timing, self.scores, self.verdicts):
            log.truncate(done)

    def require(self) -> None:
        """Raise ResourceError when the run folder is gone, so that nothing writes to the place where it was."""
        if not self.manifest.is_file():
            raise ResourceError(
                f"{self.path}: the run folder was removed or moved while the run trained; its checkpoints, logs and "
                "pictures are not there any more, and what was trained since the last checkpoint is lost. Where the "
                "folder was moved, ganzoo run FOLDER resumes it; otherwise the same command begins again"
            )

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        files.write_durably(self.manifest, files.to_json(manifest))

    def read_manifest(self) -> dict[str, Any]:
        """Return the manifest; CheckpointError when it is damaged."""
        try:
            manifest = files.read_json(self.manifest)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.manifest}: cannot be read: {error}") from error
        if not isinstance(manifest, dict):
            raise CheckpointError(f"{self.manifest}: is not a JSON object")
        for key, kind in _MANIFEST.items():
            if key in manifest and not isinstance(manifest[key], kind):
                raise CheckpointError(f"{self.manifest}: is damaged: '{key}' is a {type(manifest[key]).__name__}")
        return manifest

    def read_fitted(self) -> Example:
        """Return what the task fitted on the training data; CheckpointError when it is damaged."""
        recorded = self.read_manifest().get("data", {}).get("fitted")
        if recorded is None:
            return {}
        try:
            content = self.fitted.read_bytes()
            if hashlib.sha256(content).hexdigest() != recorded:
                raise ValueError("its sha256 is not the one in manifest.json")
            return unpack_arrays(content)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.fitted}: cannot be read: {error}") from error

    def read_fields(self) -> dict[str, Field]:
        """Return the fields of the data that the run was trained on."""
        try:
            streams = self.read_manifest()["data"]["streams"]
            return {
                f"{stream}/{name}" if len(streams) > 1 else name: _field(name, value)
                for stream, described in streams.items()
                for name, value in described["fields"].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError(f"{self.manifest}: the data's fields are damaged ({error})") from error


def _field(name: str, value: Mapping[str, Any]) -> Field:
    """Return a field as the manifest describes it, every part checked: networks are built from it."""
    shape, dtype, low, high = value["shape"], value["dtype"], value["low"], value["high"]
    if not isinstance(shape, list) or not all(side is None or (type(side) is int and side > 0) for side in shape):
        raise ValueError(f"'{name}' has a shape that is not a list of whole numbers above 0")
    if math.prod(side or 1 for side in shape) > _MOST_VALUES:
        raise ValueError(f"'{name}' has more than {_MOST_VALUES} values in one example")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ValueError(f"'{name}' has a type other than {', '.join(_DTYPES)}")
    if not all(limit is None or (type(limit) in (int, float) and math.isfinite(limit)) for limit in (low, high)):
        raise ValueError(f"'{name}' has a limit that is not a finite number")
    names = value["names"]
    if not isinstance(names, list) or not all(isinstance(text, str) for text in names):
        raise ValueError(f"'{name}' has names that are not a list of texts")
    return Field(shape=tuple(shape), dtype=dtype, low=low, high=high, names=tuple(names))
