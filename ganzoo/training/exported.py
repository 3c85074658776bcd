"""Networks from files that somebody else may have written: built from data alone, nothing in them is run.

A `.keras` file is as Keras writes it, a `.safetensors` file as `ganzoo export --to safetensors` does: weights by the
names that they have in a `.weights.h5`, and in its metadata the configuration of a `.keras` file and facts.

The configuration may name Keras' layers and those that ganzoo and its plugins have registered; weights are read as
those of any foreign file, in a process of their own.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np

import ganzoo.blocks
import ganzoo.layers  # noqa: F401  registers the layers
from ganzoo.blame import is_out_of_memory, one_line
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError, listing
from ganzoo.runs.safetensors import is_safetensors, read_metadata
from ganzoo.training.export import is_drop_in
from ganzoo.training.foreign import import_weights

_CONFIGURATION = "config.json"
#: What the metadata of a `.safetensors` file hold besides facts.
FORMAT_KEY, CONFIGURATION_KEY = "ganzoo_format", "keras_config"
FORMAT = "1"
_MOST_BYTES = 16 * 2**20

_MODULES = {
    "builtins",
    "keras",
    "keras.activations",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.models",
    "keras.regularizers",
    "keras.src.models.functional",
    "keras.src.models.sequential",
}
_OPERATIONS = "keras.src.ops."
#: Keras' own way to write down a tensor, an array and a slice.
_DATA = {"__keras_tensor__", "__numpy__", "__slice__"}
#: Layers of Keras that run code from the file, or read other files.
_REFUSED = {
    "FlaxLayer",
    "IntegerLookup",
    "JaxLayer",
    "Lambda",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TorchModuleWrapper",
    "__lambda__",
}


def load_exported(path: Path, plugins: Collection[str]) -> Network:
    """Return the network of a `.keras` or `.safetensors` file.

    CheckpointError when it is damaged or holds anything but known layers.

    `plugins` are the installed packages whose `networks` may be imported for the layers that they register.
    """
    configuration = _configuration(path)
    parts = list(_parts(configuration))
    for package in {str(part.get("registered_name")).partition(">")[0] for part in parts} & set(plugins):
        if find_spec(f"{package}.networks"):
            import_module(f"{package}.networks")
    unknown = {_name(part) for part in parts if not _is_known(part)}
    if unknown:
        raise CheckpointError(
            f"{path}: holds {listing(unknown)}; only layers of Keras and of installed ganzoo plugins are loaded, "
            "and none that can run code, as Lambda"
        )
    for part in parts:
        if part.get("module") == "keras.layers" and is_drop_in(_name(part)):  # what export_networks did, undone
            part |= {"module": "ganzoo.layers", "registered_name": f"ganzoo>{_name(part)}"}
    configuration.pop("compile_config", None)
    try:
        network = keras.saving.deserialize_keras_object(configuration, safe_mode=True)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise CheckpointError(f"{path}: its network cannot be built: {one_line(error)}") from error
    if not isinstance(network, keras.Model):
        raise CheckpointError(f"{path}: holds {_name(configuration)}, not a network")
    import_weights(network, path)
    return network


def read_facts(path: Path) -> dict[str, str]:
    """Return what a `.safetensors` file of `ganzoo export` says about its network; CheckpointError for another."""
    return {name: text for name, text in _metadata(path).items() if name not in (FORMAT_KEY, CONFIGURATION_KEY)}


def scale_of(network: Network, path: Path) -> int:
    """Return how much larger a network's images are than those it is given; CheckpointError when it is not one."""
    shapes = network.input_shape, network.output_shape
    if any(not isinstance(shape, tuple) or shape[1:] != (None, None, 3) for shape in shapes):
        raise CheckpointError(
            f"{path}: expected RGB images of any size in and out, but it has {shapes[0]} -> {shapes[1]}"
        )
    side = 16
    found = network(np.zeros((1, side, side, 3), np.float32), training=False).shape
    scale = int(found[1]) // side
    if tuple(found) != (1, side * scale, side * scale, 3) or scale < 1:
        raise CheckpointError(f"{path}: does not enlarge by a whole number: {side}x{side} -> {found[1]}x{found[2]}")
    return scale


def _configuration(path: Path) -> dict[str, Any]:
    if is_safetensors(path):
        kind, name, content = "safetensors", CONFIGURATION_KEY, _metadata(path)[CONFIGURATION_KEY]
    else:
        kind, name, content = "keras", _CONFIGURATION, _member(path)
    try:
        found = json.loads(content)
    except ValueError as error:
        raise CheckpointError(f"{path}: is not a complete .{kind} file: {one_line(error)}") from error
    except RecursionError as error:
        raise CheckpointError(f"{path}: its {name} is nested too deeply") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path}: its {name} is not that of a network")
    return found


def _member(path: Path) -> str:
    """Return the configuration in a `.keras` archive."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_CONFIGURATION) as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise CheckpointError(f"{path}: its {_CONFIGURATION} is larger than {_MOST_BYTES >> 20} MB")
        return content.decode("utf-8")
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise CheckpointError(f"{path}: is not a complete .keras file: {one_line(error)}") from error


def _metadata(path: Path) -> dict[str, str]:
    found = read_metadata(path)
    if FORMAT_KEY not in found or CONFIGURATION_KEY not in found:
        raise CheckpointError(
            f"{path}: holds weights, but does not say of which network; "
            "expected a file that ganzoo export --to safetensors wrote, or a state dict that a plugin knows"
        )
    if found[FORMAT_KEY] != FORMAT:
        raise CheckpointError(
            f"{path}: is of format '{found[FORMAT_KEY]}', but this ganzoo reads format {FORMAT}; "
            "install the ganzoo that wrote it, or a newer one"
        )
    return found


def _parts(configuration: Any) -> Iterator[dict[str, Any]]:
    """Yield every object that the configuration names."""
    waiting = [configuration]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _is_known(part: dict[str, Any]) -> bool:
    if _name(part) in _REFUSED:
        return False
    if part["class_name"] in _DATA:
        return True
    registered = part.get("registered_name")
    with suppress(TypeError):
        if isinstance(registered, str) and ">" in registered:
            return keras.saving.get_registered_object(registered) is not None
    module = part.get("module")
    return isinstance(module, str) and (module in _MODULES or module.startswith(_OPERATIONS))


def _name(part: dict[str, Any]) -> str:
    return str(part.get("class_name", "nothing"))
