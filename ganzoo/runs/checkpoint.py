"""Checkpoints are data: a folder with one uncompressed `.npz` and a manifest that it is verified against.

Names, shapes and types of what is expected come from the assembled model, never from the file; nothing is unpickled,
and no more is read than the model expects.
"""

from __future__ import annotations

import hashlib
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ganzoo.contracts.tensor import Array
from ganzoo.errors import CheckpointError, ResourceError
from ganzoo.runs import files
from ganzoo.runs.arrays import pack_arrays

FORMAT = 1
_NAME = re.compile(r"step-(\d{9})")
#: What numpy writes before the numbers of an array, at most.
_LONGEST_HEADER = 4096
#: A save that failed is tried again after so many seconds each time: a full disk is often full for a moment only.
PATIENCE = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Loaded:
    """A verified checkpoint."""

    path: Path
    step: int
    values: Mapping[str, Array]


class CheckpointStore:
    """The checkpoints of one run, newest last; the newest `keep` are kept, or all.

    One that was made between two multiples of `every`, because a run stopped there, takes no other's place: beside
    `keep` others it is kept while it is the newest.
    """

    def __init__(self, folder: Path, *, keep: int | None = 2, every: int = 1) -> None:
        self.folder = folder
        self._keep = keep
        self._every = every

    def paths(self) -> list[Path]:
        """Return the complete checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def regular(self) -> list[Path]:
        """Return the complete checkpoints that every run of this recipe makes, wherever it stops, oldest first."""
        return [path for path in self.paths() if step_of(path) % self._every == 0]

    def save(
        self,
        step: int,
        values: Mapping[str, Array],
        *,
        recipe: str,
        facts: Mapping[str, Any] | None = None,
        complain: Callable[[str], None] = lambda _message: None,
    ) -> Path:
        """Write one checkpoint beside the others, flush it, make it appear by a rename, then drop the oldest.

        `facts` go into its manifest. A failed save is retried a few times, and reported to `complain`; ResourceError
        when it fails for good, with every older checkpoint intact.
        """
        content = pack_arrays(values)
        manifest = files.to_json(_manifest(step, values, content, recipe, facts or {}))
        for pause in PATIENCE:
            try:
                return self._write(step, content, manifest)
            except ResourceError as error:
                complain(f"{error}; trying again in {pause:g} s")
                time.sleep(pause)
        return self._write(step, content, manifest)

    def _write(self, step: int, content: bytes, manifest: bytes) -> Path:
        final = self.folder / f"step-{step:09d}"
        files.make_folder(self.folder)
        self.sweep()
        temporary = files.hidden(final)
        try:
            files.make_folder(temporary)
            files.write_durably(temporary / "state.npz", content)
            files.write_durably(temporary / "manifest.json", manifest)
            files.publish_folder(temporary, final)
            self.rotate()
        except OSError as error:
            raise files.no_room(final, error, len(content)) from error
        finally:
            self.sweep()
        return final

    def sweep(self) -> None:
        """Remove what an interrupted save left."""
        files.sweep(self.folder)

    def rotate(self) -> None:
        """Drop all but the newest `keep`; ResourceError when one cannot be removed."""
        if self._keep is not None:
            paths, regular = self.paths(), self.regular()
            others = [path for path in paths if path not in regular]
            wanted = max(self._keep - len(regular), int(paths[-1:] == others[-1:]))
            self.drop([*regular[: -self._keep], *others[: max(len(others) - wanted, 0)]])

    def drop(self, paths: Iterable[Path]) -> None:
        """Remove checkpoints; ResourceError when one cannot be removed."""
        for path in paths:
            try:
                files.remove_folder(path)
            except OSError as error:
                raise ResourceError(f"{path}: cannot be removed: {error.strerror}") from error

    def drop_after(self, step: int) -> None:
        """Remove the checkpoints of later steps so that none of them comes back; ResourceError when that fails."""
        self.drop([path for path in self.paths() if step_of(path) > step])
        files.sync_folder(self.folder)

    def facts(self, path: Path) -> Mapping[str, Any]:
        """Return what was put into a checkpoint's manifest beside its arrays."""
        found = _read_manifest(path).get("facts", {})
        return found if isinstance(found, dict) else {}

    def load_newest(
        self,
        expected: Mapping[str, Any],
        *,
        recipe: str | None,
        below: str | tuple[str, ...] = "",
        among: Sequence[Path] | None = None,
    ) -> tuple[Loaded | None, list[str]]:
        """Return the newest checkpoint that verifies, and why each newer one did not. None when there is none at all.

        `expected` maps names to anything with a `shape` and a `dtype`; `among` are the checkpoints that may be taken,
        oldest first, all by default. CheckpointError when all are damaged.
        """
        refusals: list[str] = []
        for path in reversed(self.paths() if among is None else among):
            try:
                return load(path, expected, recipe=recipe, below=below), refusals
            except CheckpointError as error:
                refusals.append(str(error))
        if refusals:
            raise CheckpointError("no checkpoint can be loaded:\n" + "\n".join(refusals))
        return None, []


def load(
    path: Path, expected: Mapping[str, Any], *, recipe: str | None = None, below: str | tuple[str, ...] = ""
) -> Loaded:
    """Read and verify one checkpoint: hash, recipe, exact names, shapes, types, finite numbers.

    `below` looks only at the arrays whose names start with it: `networks/` is enough for sampling.
    """
    manifest = _read_manifest(path)
    if recipe is not None and manifest["recipe"] != recipe:
        raise CheckpointError(f"{path}: belongs to another recipe (sha256 {manifest['recipe'][:12]}...)")
    try:
        with (path / "state.npz").open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != manifest["sha256"]:
                raise CheckpointError(f"{path}: state.npz is damaged: its sha256 is not the one in manifest.json")
            values = _unpack(path, file, expected, below)
    except OSError as error:
        raise CheckpointError(f"{path / 'state.npz'}: cannot be read: {error.strerror}") from error
    return Loaded(path=path, step=manifest["step"], values=values)


def arrays_of(path: Path) -> list[str]:
    """Return the names of the arrays that a checkpoint says it holds; CheckpointError when it does not say."""
    arrays = _read_manifest(path).get("arrays")
    if not isinstance(arrays, dict):
        raise CheckpointError(f"{path}: manifest.json does not list its arrays")
    return list(arrays)


def _manifest(
    step: int, values: Mapping[str, Array], content: bytes, recipe: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "step": step,
        "recipe": recipe,
        "sha256": hashlib.sha256(content).hexdigest(),
        "arrays": {name: [str(value.dtype), list(value.shape)] for name, value in values.items()},
        "facts": dict(facts),
    }


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = files.read_json(path / "manifest.json")
    except OSError as error:
        raise CheckpointError(f"{path / 'manifest.json'}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{path}: manifest.json is not JSON: {error}") from error
    kinds = {"format": int, "step": int, "recipe": str, "sha256": str}
    if not isinstance(manifest, dict) or any(type(manifest.get(key)) is not kind for key, kind in kinds.items()):
        raise CheckpointError(f"{path}: manifest.json lacks one of {', '.join(kinds)}")
    if manifest["format"] != FORMAT or manifest["step"] != step_of(path):
        raise CheckpointError(f"{path}: manifest.json is of format {manifest['format']}, step {manifest['step']}")
    return manifest


def step_of(path: Path) -> int:
    """Return after how many steps a checkpoint was made, as its name says."""
    match = _NAME.fullmatch(path.name)
    return int(match.group(1)) if match else -1


def _unpack(path: Path, file: IO[bytes], expected: Mapping[str, Any], below: str | tuple[str, ...]) -> dict[str, Array]:
    """Read the arrays whose names start with `below`: exactly the expected ones, and no byte more than they take."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = {
                item.filename.removesuffix(".npy"): item
                for item in archive.infolist()
                if item.filename.startswith(below)
            }
            if sum(item.filename.startswith(below) for item in archive.infolist()) != len(members):
                raise CheckpointError(f"{path}: state.npz has two arrays of one name")
            _refuse(path, "lacks", sorted(set(expected) - set(members)))
            _refuse(path, "has unexpected", sorted(set(members) - set(expected)))
            return {name: _array(path, archive, members[name], name, expected[name]) for name in expected}
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: state.npz cannot be read: {error}") from error


def _array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, expected: Any) -> Array:
    wanted = np.dtype(str(expected.dtype)), tuple(expected.shape)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > _nbytes(*wanted) + _LONGEST_HEADER:
        raise CheckpointError(f"{path}: {name} takes {member.file_size} bytes, expected {wanted[0]} {wanted[1]}")
    with archive.open(member) as content:
        value = np.asarray(np.lib.format.read_array(content, allow_pickle=False))
        rest = content.read(1)
    if (value.dtype, value.shape) != wanted or rest:
        raise CheckpointError(f"{path}: {name} is {value.dtype} {value.shape}, expected {wanted[0]} {wanted[1]}")
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise CheckpointError(f"{path}: {name} has numbers that are not finite")
    return value


def _nbytes(dtype: np.dtype[Any], shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64)) * dtype.itemsize


def _refuse(path: Path, verb: str, names: Sequence[str]) -> None:
    if names:
        raise CheckpointError(f"{path}: {verb} {len(names)} of the arrays, {names[0]} first")
