"""The run folder: `runs/<name>/` and what lies where in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ganzoo.contracts.field import Field
from ganzoo.contracts.tensor import Array
from ganzoo.errors import CheckpointError, RecipeError, ResourceError
from ganzoo.images import encode_image
from ganzoo.runs import files
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.runs.journal import Journal
from ganzoo.runs.lock import locked

_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RunFolder:
    """Paths and small files of one run.

    recipe.toml       the resolved recipe, every default written out
    manifest.json     environment, plugins, seed, data, fields; `status` is running or finished
    metrics.jsonl     losses by step
    timing.jsonl      seconds since training began, and those spent waiting for data; two equal runs differ in it alone
    scores.jsonl      scores on held-out data by step, where train.evaluate_every asks for them
    samples/          pictures of the same fixed inputs over time
    held_out/         the results on held-out examples, to look at
    checkpoints/      the newest states, complete
    best/             the state with the best score so far, where train.best names one
    evaluation.json   the scores on held-out data
    generator.keras   the trained generator (one file for each network of its side)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.toml"
        self.manifest = path / "manifest.json"
        self.samples = path / "samples"
        self.held_out = path / "held_out"
        self.evaluation = path / "evaluation.json"
        self.journal = Journal(path / "metrics.jsonl")
        self.timing = Journal(path / "timing.jsonl")
        self.scores = Journal(path / "scores.jsonl")

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

    def checkpoints(self, keep: int = 2) -> CheckpointStore:
        """Return the checkpoints of this run."""
        return CheckpointStore(self.path / "checkpoints", keep=keep)

    def best(self) -> CheckpointStore:
        """Return where the best checkpoint is kept."""
        return CheckpointStore(self.path / "best", keep=1)

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

    def write_picture(self, path: Path, picture: Array) -> None:
        """Write a picture; ResourceError when that fails."""
        files.make_folder(path.parent)
        files.write_durably(path, encode_image(path, picture))

    def truncate_logs(self, step: int) -> None:
        """Drop what the logs say about `step` and later: it will be said again."""
        for log in (self.journal, self.timing, self.scores):
            if log.path.exists():
                log.truncate(step)

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
        return manifest

    def read_fields(self) -> dict[str, Field]:
        """Return the fields of the data that the run was trained on."""
        try:
            return {name: _field(value) for name, value in self.read_manifest()["data"]["fields"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{self.manifest}: the data's fields are damaged ({error})") from error


def _field(value: Mapping[str, Any]) -> Field:
    return Field(shape=tuple(value["shape"]), dtype=value["dtype"], low=value["low"], high=value["high"])
