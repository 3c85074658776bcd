"""Checkpoints are data: a folder with one uncompressed `.npz` and a manifest that it is verified against.

Names, shapes and types of what is expected come from the assembled model, never from the file; nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.contracts.tensor import Array
from ganzoo.errors import CheckpointError, ResourceError
from ganzoo.runs.files import sync_folder, to_json, write_durably

FORMAT = 1
_NAME = re.compile(r"step-(\d{9})")


@dataclass(frozen=True)
class Loaded:
    """A verified checkpoint."""

    path: Path
    step: int
    values: Mapping[str, Array]


class CheckpointStore:
    """The checkpoints of one run, newest last; at least `keep` are kept."""

    def __init__(self, folder: Path, *, keep: int = 2) -> None:
        self.folder = folder
        self._keep = keep

    def paths(self) -> list[Path]:
        """Return the complete checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def save(self, step: int, values: Mapping[str, Array], *, recipe: str) -> Path:
        """Write one checkpoint beside the others, flush it, make it appear by a rename, then drop the oldest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        final = self.folder / f"step-{step:09d}"
        temporary = self.folder / f".{final.name}.part"
        content = _pack(values)
        try:
            temporary.mkdir()
            write_durably(temporary / "state.npz", content)
            write_durably(temporary / "manifest.json", to_json(_manifest(step, values, content, recipe)))
            if final.exists():
                shutil.rmtree(final)
            temporary.rename(final)
            sync_folder(self.folder)
        except OSError as error:
            raise ResourceError(
                f"{final}: cannot be written: {error.strerror}; older checkpoints are intact"
            ) from error
        self.rotate()
        return final

    def sweep(self) -> None:
        """Remove what an interrupted save left."""
        for path in self.folder.glob(".step-*.part"):
            shutil.rmtree(path)

    def rotate(self) -> None:
        """Drop all but the newest `keep`."""
        for path in self.paths()[: -self._keep]:
            doomed = path.with_name(f".{path.name}.part")
            path.rename(doomed)
            shutil.rmtree(doomed)

    def load_newest(
        self, expected: Mapping[str, Any], *, recipe: str, below: str = ""
    ) -> tuple[Loaded | None, list[str]]:
        """Return the newest checkpoint that verifies, and why each newer one did not. None when there is none at all.

        `expected` maps names to anything with a `shape` and a `dtype`. CheckpointError when all are damaged.
        """
        refusals: list[str] = []
        for path in reversed(self.paths()):
            try:
                return load(path, expected, recipe=recipe, below=below), refusals
            except CheckpointError as error:
                refusals.append(str(error))
        if refusals:
            raise CheckpointError("no checkpoint can be loaded:\n" + "\n".join(refusals))
        return None, []


def load(path: Path, expected: Mapping[str, Any], *, recipe: str | None = None, below: str = "") -> Loaded:
    """Read and verify one checkpoint: hash, recipe, exact names, shapes, types, finite numbers.

    `below` looks only at the arrays whose names start with it: `networks/` is enough for sampling.
    """
    manifest = _read_manifest(path)
    if recipe is not None and manifest["recipe"] != recipe:
        raise CheckpointError(f"{path}: belongs to another recipe (sha256 {manifest['recipe'][:12]}...)")
    content = _read(path / "state.npz")
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise CheckpointError(f"{path}: state.npz is damaged: its sha256 is not the one in manifest.json")
    values = {name: value for name, value in _unpack(path, content).items() if name.startswith(below)}
    _verify(path, values, expected)
    return Loaded(path=path, step=manifest["step"], values=values)


def _pack(values: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **values)  # type: ignore[arg-type]
    return buffer.getvalue()


def _manifest(step: int, values: Mapping[str, Array], content: bytes, recipe: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "step": step,
        "recipe": recipe,
        "sha256": hashlib.sha256(content).hexdigest(),
        "arrays": {name: [str(value.dtype), list(value.shape)] for name, value in values.items()},
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from error


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(path / "manifest.json"))
    except ValueError as error:
        raise CheckpointError(f"{path}: manifest.json is not JSON: {error}") from error
    kinds = {"format": int, "step": int, "recipe": str, "sha256": str}
    if not isinstance(manifest, dict) or any(type(manifest.get(key)) is not kind for key, kind in kinds.items()):
        raise CheckpointError(f"{path}: manifest.json lacks one of {', '.join(kinds)}")
    if manifest["format"] != FORMAT or manifest["step"] != _step_of(path):
        raise CheckpointError(f"{path}: manifest.json is of format {manifest['format']}, step {manifest['step']}")
    return manifest


def _step_of(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match.group(1)) if match else -1


def _unpack(path: Path, content: bytes) -> dict[str, Array]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: state.npz cannot be read: {error}") from error


def _verify(path: Path, values: Mapping[str, Array], expected: Mapping[str, Any]) -> None:
    _refuse(path, "lacks", sorted(set(expected) - set(values)))
    _refuse(path, "has unexpected", sorted(set(values) - set(expected)))
    for name, value in values.items():
        wanted = (str(expected[name].dtype), tuple(expected[name].shape))
        if (str(value.dtype), value.shape) != wanted:
            raise CheckpointError(f"{path}: {name} is {value.dtype} {value.shape}, expected {wanted[0]} {wanted[1]}")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} has numbers that are not finite")


def _refuse(path: Path, verb: str, names: Sequence[str]) -> None:
    if names:
        raise CheckpointError(f"{path}: {verb} {len(names)} of the arrays, {names[0]} first")
