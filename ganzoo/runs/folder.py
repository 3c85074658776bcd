"""The run folder: `runs/<name>/` and what lies where in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo.contracts.field import Field
from ganzoo.errors import CheckpointError, RecipeError, ResourceError
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.runs.files import to_json, write_durably
from ganzoo.runs.journal import Journal

_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RunFolder:
    """Paths and small files of one run.

    recipe.toml       the resolved recipe, every default written out
    manifest.json     versions, plugins, device, seed, data, fields; `status` is running, stopped or finished
    metrics.jsonl     losses by step
    samples/          pictures of the same fixed inputs over time
    held_out/         the results on held-out examples, to look at
    checkpoints/      the newest states, complete
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

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.manifest.is_file()

    def probe(self) -> None:
        """Make the folder and write, flush and rename a file in it; ResourceError before any work when that fails."""
        try:
            self.samples.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(
                f"{self.path}: cannot be made: {error.strerror}; choose another place with --runs"
            ) from error
        write_durably(self.path / "probe", b"")
        (self.path / "probe").unlink()

    def discard_if_new(self) -> None:
        """Remove the empty folders of a run that could not begin."""
        for folder in (self.samples, self.path):
            with suppress(OSError):
                folder.rmdir()

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        write_durably(self.manifest, to_json(manifest))

    def read_manifest(self) -> dict[str, Any]:
        """Return the manifest; CheckpointError when it is damaged."""
        try:
            manifest = json.loads(self.manifest.read_bytes())
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
