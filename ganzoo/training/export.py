"""Output of a finished run: networks as files, and pictures of held-out results."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from ganzoo.blame import blaming
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.results import Picture, Result
from ganzoo.contracts.tensor import Network
from ganzoo.execution.keras_internals import save_model
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
            stem = self._stems(f"{file_stem(scored.name)}-{file_stem(scored.method)}")
            self._write(stem, scored.picture)


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
                content = json.dumps(_without_process_ids(json.loads(content), {})).encode()
            made.writestr(zipfile.ZipInfo(name, _NO_DAY), content)
    return plain.getvalue()


def _without_process_ids(value: Any, known: dict[int, int]) -> Any:
    """Replace what only the writing process means: the date, and addresses as names of shared objects."""
    if isinstance(value, list):
        return [_without_process_ids(part, known) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _without_process_ids(part, known) for key, part in value.items() if key != "date_saved"}
    if "shared_object_id" in found:
        found["shared_object_id"] = known.setdefault(found["shared_object_id"], len(known) + 1)
    return found
