"""Weights from files that ganzoo did not write: read in a limited process, verified there and here, never unpickled.

Names, shapes and types of what is expected come from the network, never from the file. No byte of the file is parsed
in this process: `_foreign_reader.py` parses a copy and hands back plain arrays. The copy is what is hashed and what is
read, so the hash is that of the loaded bytes even if the file is rewritten at the same time.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import math
import os
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ganzoo.errors import CheckpointError, listing
from ganzoo.runs import files

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: Address space for the interpreter, numpy and h5py, on top of the weights.
ALLOWANCE = 512 * 2**20
#: Weights with Adam's state are three times the weights; the rest is for names, groups and configs.
TIMES_EXPECTED, OVERHEAD = 4, 64 * 2**20
#: Seconds of processor time, and on the clock, that a small file may take; a large one has a second more per 20 MB.
CPU_SECONDS, CLOCK_SECONDS, BYTES_PER_SECOND = 20, 60, 20_000_000
OPEN_FILES = 32

TYPES = (
    "float16",
    "float32",
    "float64",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)
KINDS = {".h5": "h5", ".keras": "keras", ".safetensors": "safetensors"}
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".npy", ".npz")
READER = Path(__file__).with_name("_foreign_reader.py")
#: By path, not as a module: the process needs numpy and h5py, and neither ganzoo nor what importing ganzoo would run.
_START = "import runpy, sys; sys.path.extend(sys.argv[2:]); runpy.run_path(sys.argv[1], run_name='__main__')"

#: Type and shape.
_Header = tuple[str, tuple[int, ...]]


class Expected(Protocol):
    """The expected shape and dtype of an array: a Keras variable, an array, anything with these two."""

    @property
    def shape(self) -> Sequence[int]: ...

    @property
    def dtype(self) -> Any: ...


@dataclass(frozen=True)
class Foreign:
    """The verified arrays of a file by their names in it, and the file's hash."""

    sha256: str
    values: dict[str, Array]


def read_foreign(path: Path, expected: Mapping[str, Expected]) -> dict[str, Array]:
    """Return exactly the expected arrays of a `.weights.h5`, `.h5`, `.keras` or `.safetensors` file.

    `expected` maps the name inside the file (`layers/dense/vars/0`) to its shape and dtype. Nothing is converted.
    CheckpointError whenever the file is anything but that.
    """
    return open_foreign(path, expected).values


def open_foreign(path: Path, expected: Mapping[str, Expected], *, ignored: Sequence[str] = ()) -> Foreign:
    """Do the same and return the hash too; arrays in the groups `ignored`, such as an optimizer's, are passed over."""
    kind = _kind(path)
    wanted = _wanted(path, expected)
    try:
        with tempfile.TemporaryDirectory(prefix="ganzoo-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sha256 = _copy(path, folder / "weights", _most_bytes(wanted))
            _ask(path, folder, {"kind": kind, "expected": wanted, "ignored": list(ignored)})
            return Foreign(sha256, _take(path, folder / "arrays.npz", wanted))
    except OSError as error:
        where = tempfile.tempdir or "a temporary folder"
        raise CheckpointError(
            f"{path}: cannot be copied into {where}: {error.strerror}; make room or set TMPDIR"
        ) from error


def refuse_pickles(path: Path) -> None:
    """Raise a CheckpointError for a file that by its name is, or can hold, a pickle."""
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        verb = "can hold" if suffix in (".npy", ".npz") else "is"
        raise CheckpointError(
            f"{path}: {verb} a pickle, which can run code when it is opened; "
            "convert it to .safetensors or .weights.h5 where you trust it"
        )


def _kind(path: Path) -> str:
    """Return how the file is to be read, by its name alone; its first bytes are compared later."""
    refuse_pickles(path)
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise CheckpointError(
            f"{path}: '{suffix}' is unsupported; weights are read from .weights.h5, .keras, .safetensors"
        )
    return KINDS[suffix]


def _wanted(path: Path, expected: Mapping[str, Expected]) -> dict[str, _Header]:
    wanted = {name: (str(value.dtype), tuple(int(size) for size in value.shape)) for name, value in expected.items()}
    for name, (dtype, _) in wanted.items():
        if dtype not in TYPES:
            raise CheckpointError(
                f"{path}: {name} of the network is {dtype}; foreign files are read for {listing(TYPES)}"
            )
    return wanted


def _size(header: _Header) -> int:
    return math.prod(header[1]) * np.dtype(header[0]).itemsize


def _total(wanted: Mapping[str, _Header]) -> int:
    return sum(_size(header) for header in wanted.values())


def _most_bytes(wanted: Mapping[str, _Header]) -> int:
    return TIMES_EXPECTED * _total(wanted) + OVERHEAD


def _most_written(wanted: Mapping[str, _Header]) -> int:
    """Bound what the reader may write: the arrays, their headers and names, or an answer."""
    return _total(wanted) + 2**20 + sum(1024 + 8 * len(name) for name in wanted)


def _copy(path: Path, into: Path, most: int) -> str:
    """Copy at most so many bytes of a regular file and return their sha256; a pipe or a device is not waited for."""
    try:
        source, size = _open_regular(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{path}: cannot be read: {why}; expected a file of weights") from error
    digest, copied = hashlib.sha256(), 0
    with source, into.open("xb") as target:
        _check_size(path, size, most)
        while chunk := source.read(2**20):
            copied += len(chunk)
            _check_size(path, copied, most)  # again: it may have grown
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _open_regular(path: Path, *more: str) -> tuple[io.BufferedReader, int]:
    """Open a file and return its size; ValueError for others, as a pipe would block forever."""
    handle = os.open(path, files.flags("O_RDONLY", "O_NONBLOCK", "O_BINARY", *more))
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise ValueError("it is not a regular file")
    return os.fdopen(handle, "rb"), status.st_size


def _check_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise CheckpointError(
            f"{path}: is {size} bytes long, expected at most {most} for these weights; it is another file"
        )


def _ask(path: Path, folder: Path, request: Mapping[str, Any]) -> None:
    """Read the copy in a separate process; return when the arrays are in the folder."""
    work = _total(request["expected"]) + (folder / "weights").stat().st_size
    limits = _limits(request["expected"], work, archive=request["kind"] == "keras")
    (folder / "request.json").write_text(json.dumps({**request, "limits": limits}), encoding="utf-8")
    _run(path, folder, limits["RLIMIT_CPU"], CLOCK_SECONDS + 3 * (work // BYTES_PER_SECOND))
    answer = _answer(path, folder / "answer.json")
    if "problem" in answer:
        raise CheckpointError(f"{path}: {_printable(answer['problem'])}")
    if answer:
        raise CheckpointError(f"{path}: {_names_told(answer)}")


def _limits(wanted: Mapping[str, _Header], work: int, *, archive: bool) -> dict[str, int]:
    return {
        "RLIMIT_AS": ALLOWANCE + _total(wanted) + (3 * work if archive else 0),  # an archive's member is held whole
        "RLIMIT_CPU": CPU_SECONDS + work // BYTES_PER_SECOND,
        "RLIMIT_FSIZE": _most_written(wanted),
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
    }


def _run(path: Path, folder: Path, cpu_seconds: int, clock_seconds: int) -> None:
    """Run the reader to its end. Isolated from the environment and the working folder, without input and output."""
    command = [sys.executable, "-I", "-S", "-B", "-c", _START, str(READER), *_libraries()]
    try:
        ended = subprocess.run(  # noqa: S603 - our own interpreter and file, no argument from outside
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=clock_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(
            f"{path}: could not be read within {clock_seconds} seconds; it is damaged or made to hang"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path}: no process could be started to read it: {error.strerror}; try again") from error
    if ended.returncode:
        raise CheckpointError(f"{path}: the process that read it {_death(ended.returncode, cpu_seconds)}")


def _libraries() -> list[str]:
    """Return the folders of numpy and h5py, all that the isolated process finds besides the standard library."""
    found = [spec.origin for spec in map(find_spec, ("numpy", "h5py")) if spec is not None and spec.origin]
    return sorted({str(Path(origin).parents[1]) for origin in found})


def _environment() -> dict[str, str]:
    """Return the little that the reader needs; one thread, for each would take address space.

    Python does not start on Windows without SYSTEMROOT.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    names = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    # `::` keeps HDF5 from loading filter plugins that a file asks for
    return {**threads, **inherited, "HDF5_PLUGIN_PRELOAD": "::", "LC_ALL": "C.UTF-8"}


def _death(code: int, cpu_seconds: int) -> str:
    if code == -getattr(signal, "SIGXCPU", 0):  # Windows has neither this signal nor the limit behind it
        return f"took more than {cpu_seconds} seconds of processor time; the file is damaged or made to hang"
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    return (
        f"{how}; the file is damaged, made to crash it, or memory is short: convert it to .safetensors or save it again"
    )


def _answer(path: Path, answer: Path) -> dict[str, Any]:
    try:
        with _opened(answer, 2**20) as file:
            found = json.loads(file.read())
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: the process that read it left no answer; save the weights again") from error
    return found if isinstance(found, dict) else {"problem": "the process that read it left another answer"}


def _opened(path: Path, most: int) -> io.BufferedReader:
    """Open what the reader wrote, following no link: a crafted file may have taken that process over."""
    file, size = _open_regular(path, "O_NOFOLLOW")
    if size > most:
        file.close()
        raise ValueError("too long")
    return file


def _printable(text: Any) -> str:
    """Return what may be shown of a message that quotes the file."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(text)[:2000])


def _names_told(answer: Mapping[str, Any]) -> str:
    """Tell the first names that are missing or unexpected, and what the file has in the place of the missing."""
    missing, unexpected = _few_names(answer.get("missing")), _few_names(answer.get("unexpected"))
    lacking, more = _printable(answer.get("missing_count")), _printable(answer.get("unexpected_count"))
    parts = []
    if missing:
        few = ", ".join(f"'{name}'{_nearest(name, unexpected)}" for name in missing[:3])
        parts.append(f"lacks {lacking} of the network's arrays: {_few(few, missing)}")
    if unexpected:
        few = ", ".join(f"'{name}'" for name in unexpected[:3])
        parts.append(f"has {more} that the network has not: {_few(few, unexpected)}")
    return "; ".join([*parts, "the weights must have been saved from the same architecture"])


def _few_names(names: Any) -> list[str]:
    return [_printable(name)[:200] for name in names[:200]] if isinstance(names, list) else []


def _few(told: str, names: Sequence[str]) -> str:
    return told + (", ..." if len(names) > 3 else "")


def _nearest(name: str, known: Sequence[str]) -> str:
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" (nearest in the file: '{matches[0]}')" if matches else ""


def _take(path: Path, arrays: Path, wanted: Mapping[str, _Header]) -> dict[str, Array]:
    """Read what the reader wrote, trusting it no more than the file."""
    try:
        with _opened(arrays, _most_written(wanted)) as file, zipfile.ZipFile(file) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if len(archive.infolist()) != len(wanted) or members.keys() != {f"{name}.npy" for name in wanted}:
                raise ValueError("other names")
            values = {name: _array(archive, members[f"{name}.npy"], header) for name, header in wanted.items()}
    except Exception as error:  # any exception: the arrays are not those that were asked for
        raise CheckpointError(
            f"{path}: the process that read it handed back something else ({_printable(error)}); save the weights again"
        ) from error
    for name, value in values.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} has numbers that are not finite; take weights from before that")
    return values


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, header: _Header) -> Array:
    if member.compress_type != zipfile.ZIP_STORED or not _size(header) <= member.file_size <= _size(header) + 4096:
        raise ValueError("another size")
    content = io.BytesIO(archive.read(member))
    np.lib.format.read_magic(content)
    shape, _, dtype = np.lib.format.read_array_header_1_0(content)
    if (str(dtype), shape) != header:
        raise ValueError("another shape or type")
    content.seek(0)
    value: Array = np.load(content, allow_pickle=False)
    return value
