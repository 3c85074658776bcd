"""Named arrays and texts about them as a `.safetensors` file, which never holds code."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    found = header.get(_METADATA, {}) if isinstance(header, dict) else None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise CheckpointError(f"{path}: its header does not map names to texts and arrays; it is damaged")
    return found
