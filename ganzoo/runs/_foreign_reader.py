"""Read one foreign weight file in a separate process and return plain arrays.

`ganzoo.runs.foreign` runs this file by its path, in a fresh folder that holds the file as `weights` and what is
expected as `request.json`. It writes `answer.json` and, when everything is as expected, `arrays.npz`. It imports
nothing of ganzoo, and what a crafted file breaks is this process alone.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

#: What a file says of one array: its type and its shape.
Header = tuple[str, tuple[int, ...]]
#: The headers of a file, and a way to one array's data. Nothing is loaded before all headers have been compared.
Opened = tuple[dict[str, Header], Callable[[str], NDArray[Any]]]

PICKLE = (
    "is a pickle, which can run code when it is opened; convert it to .safetensors or .weights.h5 where you trust it"
)
MEMBER = "model.weights.h5"
#: How many names, and how much of each, go into an answer.
MOST_NAMES, LONGEST_NAME = 200, 200
DEEPEST = 64
#: How much text a .safetensors file may carry besides its arrays: ganzoo's own say how the network is built.
MOST_METADATA = 16 * 2**20
#: What an object of an HDF5 file may be besides a wanted array: groups, an optimizer's state.
OTHER_OBJECTS = 1024
SAFETENSORS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BOOL": "bool",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8",
}  # fmt: skip


class Refused(Exception):
    """The file is not what was asked for, or holds what is never followed."""


def main() -> NoReturn:
    """Answer the request in the working folder."""
    request = json.loads(Path("request.json").read_text(encoding="utf-8"))
    lower_limits(request["limits"])
    Path("answer.json").write_text(json.dumps(_answer(request)), encoding="utf-8")
    # a damaged file can crash HDF5's clean-up at exit, when the answer is already written
    os._exit(0)


def lower_limits(limits: Mapping[str, int]) -> None:
    """Lower this process's limits for good. Done here because a hook between fork and exec is unsafe with threads.

    Windows has no such limits, and macOS none of the address space: there the caller's clock is the limit.
    """
    try:
        import resource
    except ImportError:
        return
    for name, most in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        # a second later, so that the signal of the soft limit arrives and the cause can be reported
        above = most + 1 if kind == resource.RLIMIT_CPU else most
        if hard != resource.RLIM_INFINITY:
            most, above = min(most, hard), min(above, hard)
        try:
            resource.setrlimit(kind, (most, above))
        except ValueError:
            if name != "RLIMIT_AS" or sys.platform != "darwin":
                raise


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _read(request)
    except Refused as refusal:
        return {"problem": str(refusal)}
    except MemoryError:
        return {"problem": "needs more memory to read than its weights should; it is damaged or made to exhaust it"}
    except ImportError as error:
        return {"problem": f"cannot be read here, as its library does not load: {error}; reinstall h5py and numpy"}
    except Exception as error:  # every exception that a damaged file causes is the file's fault
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"problem": "cannot be copied: the folder for temporary files is full; make room or set TMPDIR"}
        why = f"{type(error).__name__}: {str(error)[:500]}"
        return {"problem": f"cannot be read ({why}); it is damaged: take another copy or save the weights again"}


def _read(request: Mapping[str, Any]) -> dict[str, Any]:
    """Compare all headers, and only when they agree load and write the arrays."""
    wanted = {name: (str(dtype), tuple(shape)) for name, (dtype, shape) in request["expected"].items()}
    path = Path("weights")
    _refuse_other_formats(path, request["kind"])
    headers, load = _OPENERS[request["kind"]](path, wanted)
    found = {name: header for name, header in headers.items() if name in wanted or not _is_in(name, request["ignored"])}
    differences = _differences(found, wanted)
    if not differences:
        _write(Path("arrays.npz"), wanted, load)
    return differences


def _is_in(name: str, groups: list[str]) -> bool:
    return any(name.startswith(f"{group}/") for group in groups)


def _differences(found: Mapping[str, Header], wanted: Mapping[str, Header]) -> dict[str, Any]:
    missing = [name for name in wanted if name not in found]
    unexpected = sorted(set(found) - set(wanted))
    if missing or unexpected:
        return {
            "missing": missing[:MOST_NAMES],
            "missing_count": len(missing),
            "unexpected": [name[:LONGEST_NAME] for name in unexpected[:MOST_NAMES]],
            "unexpected_count": len(unexpected),
        }
    for name, header in wanted.items():
        if found[name] != header:
            return {"problem": f"{name} is {_told(found[name])}, expected {_told(header)}; nothing is converted"}
    return {}


def _told(header: Header) -> str:
    return f"{header[0]} {header[1]}"


def _write(path: Path, wanted: Mapping[str, Header], load: Callable[[str], NDArray[Any]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in wanted:
            value = np.ascontiguousarray(load(name)).reshape(wanted[name][1])  # which keeps a scalar a scalar
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, value, allow_pickle=False)


def _refuse_other_formats(path: Path, kind: str) -> None:
    """Refuse by the first bytes what can run code, under any file name."""
    head = _head(path)
    if kind == "safetensors" and head[6:9] == b"\0\0{":
        return  # a header of 640 bytes starts like a pickle of protocol 2
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        raise Refused(PICKLE)
    if head[:2] == b"\x1f\x8b":
        raise Refused("is compressed with gzip; unpack it first")
    if head[:6] == b"\x93NUMPY":
        raise Refused("is a .npy file, which can hold a pickle; save it as .safetensors or .weights.h5")
    is_zip = head[:4] in (b"PK\3\4", b"PK\5\6")
    if is_zip:
        _refuse_zip(path, kind)
    elif kind == "keras":
        raise Refused("is not a .keras archive: it does not start as a zip; save it again")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _refuse_zip(path: Path, kind: str) -> None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.endswith(".pkl") for name in names):
        raise Refused(f"was written by torch.save: it {PICKLE}")
    if kind != "keras":
        hint = "name it .keras" if MEMBER in names else "save it as .safetensors or .weights.h5"
        raise Refused(f"is a zip archive in spite of its name; {hint}")


def _open_keras(path: Path, wanted: Mapping[str, Header]) -> Opened:
    """Open the weights inside a `.keras` archive; its config, which names code, is never looked at."""
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename == MEMBER]
        if len(members) != 1:
            raise Refused(f"has {len(members)} members {MEMBER}, expected 1; save it again with network.save")
        if members[0].compress_type != zipfile.ZIP_STORED or members[0].flag_bits & 1:
            raise Refused(f"has compressed or encrypted its {MEMBER}; save it again with network.save")
        # read to the end, which verifies the checksum
        return _open_h5(io.BytesIO(archive.read(members[0])), wanted)


def _open_h5(source: Path | io.BytesIO, wanted: Mapping[str, Header]) -> Opened:
    head = source.getvalue()[:8] if isinstance(source, io.BytesIO) else _head(source)[:8]
    if head != b"\x89HDF\r\n\x1a\n":
        raise Refused("is not an HDF5 file: it does not start as one; it is damaged or of another format")
    import h5py

    file = h5py.File(source, "r")
    if "model_config" in file.attrs or "layer_names" in file.attrs:
        raise Refused("is of Keras 2, a whole model or its weights; load it there and save .weights.h5 with Keras 3")
    arrays = _walk(h5py, file, len(wanted) * 16 + OTHER_OBJECTS)
    headers = {name: _h5_header(h5py, name, array) for name, array in arrays.items()}
    return headers, lambda name: np.asarray(arrays[name][()])


def _walk(h5py: Any, file: Any, most: int) -> dict[str, Any]:
    """Return the arrays of an HDF5 file by their paths, following nothing but plain links, and each once."""
    arrays: dict[str, Any] = {}
    seen = {h5py.h5o.get_info(file.id).addr}
    groups = [("", file)]
    while groups:
        prefix, group = groups.pop()
        for key in group:
            name = f"{prefix}{key}"
            child = _follow(h5py, group, key, name)
            address = h5py.h5o.get_info(child.id).addr
            if address in seen:
                raise Refused(f"{name} is a second link to the same object; save the weights again with Keras")
            seen.add(address)
            if len(seen) > most or name.count("/") > DEEPEST:
                raise Refused(
                    f"has more than {most} objects or goes deeper than {DEEPEST} groups; it is not a weight file"
                )
            if isinstance(child, h5py.Group):
                groups.append((f"{name}/", child))
            else:
                arrays[name] = child
    return arrays


def _follow(h5py: Any, group: Any, key: str, name: str) -> Any:
    link = group.get(key, getlink=True)
    if not isinstance(link, h5py.HardLink):
        kind = "a link to another file" if isinstance(link, h5py.ExternalLink) else "a soft link"
        raise Refused(f"{name} is {kind}, which is not followed; save the weights again with Keras")
    child = group[key]
    if not isinstance(child, h5py.Group | h5py.Dataset):
        raise Refused(f"{name} is neither a group nor an array; save the weights again with Keras")
    return child


def _h5_header(h5py: Any, name: str, array: Any) -> Header:
    """Return type and shape, once the storage is known to be plain: asking a virtual data set may open its sources."""
    plan = array.id.get_create_plist()
    layout = plan.get_layout()
    if layout == h5py.h5d.VIRTUAL:
        raise Refused(f"{name} is a virtual data set, which reads other files; save the weights again with Keras")
    if plan.get_external_count():
        raise Refused(f"{name} is stored in other files; save the weights again with Keras")
    if plan.get_nfilters():
        raise Refused(f"{name} is compressed or filtered; save the weights again with Keras, which stores them plainly")
    if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT):
        raise Refused(f"{name} is stored in chunks; save the weights again with Keras, which stores them plainly")
    if array.shape is None:
        raise Refused(f"{name} is without a shape; save the weights again with Keras")
    if array.id.get_storage_size() != math.prod(array.shape) * array.dtype.itemsize:
        # report the shape too: a bomb declares much and stores nothing
        raise Refused(f"{name} declares {_told((str(array.dtype), array.shape))} but does not store that much")
    return str(array.dtype), tuple(array.shape)


def _open_safetensors(path: Path, wanted: Mapping[str, Header]) -> Opened:
    total = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        # a header line is some hundred bytes and a name
        most = min(total - 8, MOST_METADATA + sum(1024 + 8 * len(name) for name in wanted))
        if not 2 <= length <= most:
            raise Refused(f"claims a header of {length} bytes, expected 2 to {most}; it is damaged or no .safetensors")
        header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_unique)
    if not isinstance(header, dict):
        raise Refused("has a header that is not a JSON object; it is damaged or not .safetensors")
    header.pop("__metadata__", None)
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    _check_offsets({name: offsets for name, (_, offsets) in entries.items()}, total - 8 - length)

    def load(name: str) -> NDArray[Any]:
        (dtype, shape), (begin, end) = entries[name]
        with path.open("rb") as file:
            file.seek(8 + length + begin)
            return (
                np.frombuffer(file.read(end - begin), np.dtype(dtype).newbyteorder("<"))
                .astype(dtype, copy=False)
                .reshape(shape)
            )

    return {name: head for name, (head, _) in entries.items()}, load


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise Refused("names something twice in its header; it is damaged or made to mislead")
    return dict(pairs)


def _entry(name: str, entry: Any) -> tuple[Header, tuple[int, int]]:
    """Return one array's header and the place of its bytes, which must agree."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise Refused(f"{name} has a header without exactly dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in SAFETENSORS:
        known = ", ".join(SAFETENSORS)
        raise Refused(f"{name} is of type {str(dtype)[:20]}, which is not supported ({known}); save it as F32")
    if not (_are_counts(shape) and _are_counts(offsets) and len(shape) <= 32 and len(offsets) == 2):
        raise Refused(f"{name} has a shape or data_offsets that are not whole numbers")
    size = math.prod(shape) * np.dtype(SAFETENSORS[dtype]).itemsize
    if offsets[1] - offsets[0] != size:
        # report the shape too: it shows which array of which network this is
        told = _told((SAFETENSORS[dtype], tuple(shape)))
        raise Refused(f"{name} declares {told} but bytes {offsets[0]} to {offsets[1]}; it is damaged")
    return (SAFETENSORS[dtype], tuple(shape)), (offsets[0], offsets[1])


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int and 0 <= number < 2**63 for number in value)


def _check_offsets(places: Mapping[str, tuple[int, int]], length: int) -> None:
    """Refuse arrays that overlap, leave gaps or do not fill the file: the format allows none of these."""
    position = 0
    for name, (begin, end) in sorted(places.items(), key=lambda place: place[1]):
        if begin != position:
            kind = "overlaps another array" if begin < position else "leaves a gap before it"
            raise Refused(f"{name} {kind}: it starts at byte {begin}, expected {position}; the file is damaged")
        position = end
    if position != length:
        raise Refused(f"holds {length} bytes of data, its header describes {position}; it is cut off or damaged")


_OPENERS: dict[str, Callable[[Path, Mapping[str, Header]], Opened]] = {
    "h5": _open_h5,
    "keras": _open_keras,
    "safetensors": _open_safetensors,
}

if __name__ == "__main__":
    main()
