"""Named arrays and texts about them as a `.safetensors` file, which never holds code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.contracts.tensor import Array
from ganzoo.errors import CheckpointError
from ganzoo.runs._foreign_reader import MOST_METADATA, SAFETENSORS

_CODES = {dtype: code for code, dtype in SAFETENSORS.items()}
_METADATA = "__metadata__"


def pack_safetensors(values: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Return arrays and texts as a `.safetensors` file: the same bytes for the same values."""
    # the largest items first, so that every array is aligned
    ordered = sorted(values.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header: dict[str, Any] = {_METADATA: dict(sorted(metadata.items()))}
    end = 0
    for name, value in ordered:
        begin, end = end, end + value.nbytes
        header[name] = {
            "dtype": _CODES[value.dtype.name],
            "shape": list(value.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    little = (np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes() for _, value in ordered)
    return b"".join([len(text).to_bytes(8, "little"), text, *little])


def is_safetensors(path: Path) -> bool:
    """Return whether a file is one by its name."""
    return path.suffix.lower() == ".safetensors"


def read_metadata(path: Path) -> dict[str, str]:
    """Return the texts of a `.safetensors` file, without its arrays; CheckpointError when its header is damaged."""
    found = _header(path).get(_METADATA, {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise _damaged(path)
    return found


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of its arrays by name; CheckpointError for a damaged header, or one of more than the file."""
    found = {name: _shape(path, entry) for name, entry in _header(path).items() if name != _METADATA}
    if sum(prod(shape) for shape in found.values()) > path.stat().st_size:
        raise CheckpointError(f"{path}: its header describes more numbers than it has bytes; it is cut off or damaged")
    return found


def _shape(path: Path, entry: Any) -> tuple[int, ...]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise _damaged(path)
    return tuple(shape)


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= MOST_METADATA:
                raise CheckpointError(
                    f"{path}: claims a header of {length} bytes, expected 2 to {MOST_METADATA}; "
                    "it is damaged or not .safetensors"
                )
            content = file.read(length)
        if len(content) < length:
            raise CheckpointError(f"{path}: ends inside its header; it is cut off")
        header = json.loads(content.decode("utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its header is not JSON; it is damaged or not .safetensors") from error
    if not isinstance(header, dict):
        raise _damaged(path)
    return header


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(f"{path}: its header does not map names to texts and arrays; it is damaged")
