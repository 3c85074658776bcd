"""Output of a finished run: networks as files, and pictures of held-out results."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from ganzoo import images, layers
from ganzoo.blame import blaming
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.results import Picture, Result
from ganzoo.contracts.tensor import Network
from ganzoo.execution.keras_internals import configuration_of, save_model
from ganzoo.runs import files
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.names import UniqueStems, file_stem

#: The zip format knows no earlier day; a file that says when it was made never equals another.
_NO_DAY = (1980, 1, 1, 0, 0, 0)


class Gallery:
    """Writes the first few held-out results that have a picture."""

    def __init__(self, write: Callable[[str, Picture], None], most: int = 20) -> None:
        self._write = write
        self._left = most
        self._stems = UniqueStems()

    def __call__(self, scored: Result) -> None:
        """Write one result where it has a picture."""
        if scored.picture is not None and self._left > 0:
            self._left -= 1
            # the task took the name from the data: often a path
            name = scored.name.removesuffix(Path(scored.name).suffix) if _is_image_file(scored.name) else scored.name
            stem = self._stems(f"{file_stem(name)}-{file_stem(scored.method)}")
            self._write(stem, scored.picture)


def _is_image_file(name: str) -> bool:
    return Path(name).suffix.lower() in images.SUFFIXES


def export_networks(run: RunFolder, networks: Mapping[str, Network], products: Mapping[str, Architecture]) -> None:
    """Write each product as a `.keras` file; PluginError naming its architecture when it cannot be saved."""
    stems = UniqueStems()
    for name, architecture in products.items():
        with blaming(architecture, f"architecture of '{name}'", passing=(OSError,)):
            content = export_bytes(networks[name])
        files.write_durably(run.path / f"{stems(name)}.keras", content)


def export_bytes(network: Network) -> bytes:
    """Return one network as a `.keras` file: the same bytes for the same weights, whichever process writes it."""
    raw, plain = io.BytesIO(), io.BytesIO()
    save_model(network, raw)
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(plain, "w") as made:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name.endswith(".json"):
                content = json.dumps(_portable(json.loads(content), {})).encode()
            made.writestr(zipfile.ZipInfo(name, _NO_DAY), content)
    return plain.getvalue()


def portable_configuration(network: Network) -> dict[str, Any]:
    """Return the configuration that `export_bytes` writes: the same whichever process writes it."""
    found: dict[str, Any] = _portable(configuration_of(network), {})
    return found


def _portable(value: Any, known: dict[int, int]) -> Any:
    """Replace what only the writing process knows: the date, addresses as names of objects, faster layers."""
    if isinstance(value, list):
        return [_portable(part, known) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _portable(part, known) for key, part in value.items() if key != "date_saved"}
    if "shared_object_id" in found:
        found["shared_object_id"] = known.setdefault(found["shared_object_id"], len(known) + 1)
    return _under_keras_name(found)


def _under_keras_name(layer: dict[str, Any]) -> dict[str, Any]:
    """Return a layer that only computes faster than Keras' own as that one, so that plain Keras loads the file."""
    name = layer.get("class_name")
    if layer.get("registered_name") != f"ganzoo>{name}" or not is_drop_in(str(name)):
        return layer
    return {**layer, "module": "keras.layers", "registered_name": None}


def is_drop_in(name: str) -> bool:
    """Return whether a layer of ganzoo is Keras' layer of that name with the same configuration and variables."""
    mine, theirs = getattr(layers, name, None), getattr(keras.layers, name, None)
    return mine is not None and theirs is not None and issubclass(mine, theirs)
