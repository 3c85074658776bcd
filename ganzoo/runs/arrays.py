"""Named arrays as bytes: an uncompressed `.npz` that never holds code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from ganzoo.contracts.tensor import Array


def pack_arrays(values: Mapping[str, Array]) -> bytes:
    """Return arrays as an `.npz`: the same bytes for the same values."""
    buffer = io.BytesIO()
    np.savez(buffer, **values)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack_arrays(content: bytes) -> dict[str, Array]:
    """Return the arrays of an `.npz`; ValueError when it is damaged or holds objects, which could run code."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(str(error)) from error
